import type { Position } from "@driver/nomad-plugin";

import type { Task, TaskTemplate } from "../../job/job.ts";
import type { TemplateSurroundings } from "../../template/functions/host-functions.ts";
import { parseTaskTemplate, renderTaskTemplate } from "../../template/task-template.ts";
import { TemplateError } from "../../template/template-error.ts";

export interface RenderPlace {
  readonly around: TemplateSurroundings;
  /** Texts of the sources that could be read, by template. */
  readonly sources: ReadonlyMap<TaskTemplate, string>;
  /** True: a template about services may fail, since none is there yet. */
  readonly isTrial: boolean;
  report(problem: { readonly message: string; readonly position: Position }): void;
}

/** The task with the texts of its templates in the place of their actions. A template whose source is not there yet is left out. */
export function renderTemplates(task: Task, { around, sources, isTrial, report }: RenderPlace): Task {
  const templates = task.templates.flatMap((template) => {
    const text = template.source === "" ? template.data : sources.get(template);
    if (text === undefined) return [];
    try {
      const parsed = parseTaskTemplate(text, template.delimiters);
      return [{ ...template, data: renderTaskTemplate(parsed, around, template.refusesMissingKeys) }];
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (isTrial && /\bnomadServices?\b/.test(text)) return [];
      const title = `template ${JSON.stringify(template.destination)}, line ${error.line} of its text`;
      report({ message: `${title}: ${error.message}`, position: template.position });
      return [];
    }
  });
  return { ...task, templates };
}
