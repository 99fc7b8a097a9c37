import type { Position } from "@driver/nomad-plugin";

import type { Task, TaskTemplate } from "../../job/job.ts";
import { toGoBytes } from "../../template/go-bytes.ts";
import { toAllocPath } from "./alloc-path.ts";
import type { Scope } from "./interpolate.ts";
import { parseEnvFile } from "./parse-env-file.ts";

/** A file that is written before the task starts. */
export interface PlannedFile {
  /** Relative to the allocation's folder. */
  readonly path: string;
  readonly text: string | Uint8Array;
  readonly mode: number;
  /** Absent: the user that runs the job, and its group. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

type Report = (problem: { readonly message: string; readonly position: Position }) => void;

/** The files of a task's `template` blocks; a destination outside of its folders is reported, and not among them. */
export function planTemplates(task: Task, { scope, report }: { readonly scope: Scope; readonly report: Report }): readonly PlannedFile[] {
  return task.templates.flatMap((template) => {
    const path = toFilePath(task.name, template, scope);
    if (path !== undefined) {
      const { perms, uid, gid } = template;
      const text = template.data.isWellFormed() ? template.data : toGoBytes(template.data);
      return [
        { path, text, mode: Number.parseInt(perms, 8), ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
      ];
    }
    const given = JSON.stringify(template.destination);
    const message = `template: destination ${given} must be a file in the task's folder or in \${NOMAD_ALLOC_DIR}`;
    report({ message, position: template.position });
    return [];
  });
}

/** The file's place in the allocation's folder; undefined when that cannot be a file of the task's or the shared folder. */
function toFilePath(taskName: string, { destination }: TaskTemplate, scope: Scope): string | undefined {
  const path = toAllocPath(taskName, destination, scope);
  const isFile = path !== undefined && !path.endsWith("/") && path.lastIndexOf("/") > 0 && !isFolder(path, taskName);
  return isFile ? path.slice(1) : undefined;
}

/** Folders that every allocation has. */
function isFolder(path: string, taskName: string): boolean {
  return ["local", "secrets", "tmp"].some((name) => path === `/${taskName}/${name}`) || /^\/alloc\/(?:data|logs|tmp)$/.test(path);
}

/** The variables of a task's templates with `env = true`; a line that is none is reported. */
export function readTemplateEnv(task: Task, report: Report): Readonly<Record<string, string>> {
  return Object.assign({}, ...task.templates.filter(({ env }) => env).map((template) => readVariables(template, report)));
}

function readVariables({ data, destination, position }: TaskTemplate, report: Report): Readonly<Record<string, string>> {
  const parsed = parseEnvFile(data.toWellFormed());
  if ("env" in parsed) return parsed.env;
  const { line, message } = parsed.problem;
  report({ message: `template ${JSON.stringify(destination)}, line ${line} of its variables: ${message}`, position });
  return {};
}
