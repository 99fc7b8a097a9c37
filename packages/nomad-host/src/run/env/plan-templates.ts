import { posix } from "node:path";

import type { Position } from "@driver/nomad-plugin";

import type { Task, TaskTemplate } from "../../job/job.ts";
import { interpolateText } from "./interpolate.ts";
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
    const path = toAllocPath(task.name, template, scope);
    if (path !== undefined) {
      const { data, perms, uid, gid } = template;
      return [
        { path, text: data, mode: Number.parseInt(perms, 8), ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) },
      ];
    }
    const given = JSON.stringify(template.destination);
    const message = `template: destination ${given} must be a file in the task's folder or in \${NOMAD_ALLOC_DIR}`;
    report({ message, position: template.position });
    return [];
  });
}

/**
 * The file's place in the allocation's folder, "/" here: a relative path begins in the task's folder, and an absolute one
 * that leads elsewhere too (`nomad`: taskenv ClientPath). Undefined when it does not end in
 * the task's folder or the shared one.
 */
function toAllocPath(taskName: string, { destination }: TaskTemplate, scope: Scope): string | undefined {
  const folders = { NOMAD_ALLOC_DIR: "/alloc", NOMAD_TASK_DIR: `/${taskName}/local`, NOMAD_SECRETS_DIR: `/${taskName}/secrets` };
  const given = interpolateText(destination, new Map([...scope, ...Object.entries(folders)]));
  const isKept = posix.isAbsolute(given) && isInside(posix.normalize(given), taskName) && given !== destination;
  const path = isKept ? posix.normalize(given) : posix.join(`/${taskName}`, given);
  const leavesTask = posix.normalize(`./${given}`).startsWith("../../") || posix.normalize(`./${given}`) === "../..";
  if (!leavesTask && isInside(path, taskName) && !path.endsWith("/") && !isFolder(path, taskName)) return path.slice(1);
  return undefined;
}

function isInside(path: string, taskName: string): boolean {
  return path.startsWith(`/${taskName}/`) || path.startsWith("/alloc/");
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
  const parsed = parseEnvFile(data);
  if ("env" in parsed) return parsed.env;
  const { line, message } = parsed.problem;
  report({ message: `template ${JSON.stringify(destination)}, line ${line} of its variables: ${message}`, position });
  return {};
}
