import type { Position } from "@driver/nomad-plugin";

import type { Task, TaskTemplate } from "../../job/job.ts";
import type { TemplateSurroundings } from "../../template/functions/host-functions.ts";
import { parseTaskTemplate, renderTaskTemplate } from "../../template/task-template.ts";
import { TemplateError } from "../../template/template-error.ts";
import type { ParsedTemplate } from "../../template/template-tree.ts";

export interface RenderPlace {
  readonly around: TemplateSurroundings;
  /** Texts of the sources that could be read, by template. */
  readonly sources: ReadonlyMap<TaskTemplate, string>;
  /** True: a template about services may fail, since none is there yet. */
  readonly isTrial: boolean;
  report(problem: { readonly message: string; readonly position: Position }): void;
}

/** The task with the texts of its templates in the place of their actions. A template whose source is not there yet is left out. */
export function renderTemplates(task: Task, place: RenderPlace): Task {
  return { ...task, templates: task.templates.flatMap((template) => renderTemplate(template, place)) };
}

function renderTemplate(template: TaskTemplate, { around, sources, isTrial, report }: RenderPlace): readonly TaskTemplate[] {
  const { source, destination, delimiters, refusesMissingKeys, position } = template;
  const text = source === "" ? template.data : sources.get(template);
  if (text === undefined) return [];
  const tell = ({ line, message }: TemplateError): void =>
    report({ message: `template ${JSON.stringify(destination)}, line ${line} of its text: ${message}`, position });
  let parsed: ParsedTemplate;
  try {
    parsed = parseTaskTemplate(text, delimiters);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    // What is wrong in the job file's own text was told when that was read.
    if (source !== "") for (const problem of [error, ...error.further]) tell(problem);
    return [];
  }
  try {
    return [{ ...template, data: renderTaskTemplate(parsed, around, refusesMissingKeys) }];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (!(isTrial && /\bnomadServices?\b/.test(text))) tell(error);
    return [];
  }
}
