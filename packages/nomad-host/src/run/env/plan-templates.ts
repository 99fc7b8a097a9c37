import { posix } from "node:path";

import type { Task, TaskTemplate } from "../../job/job.ts";
import { RunError } from "../run-error.ts";
import { interpolateText } from "./interpolate.ts";
import type { Scope } from "./interpolate.ts";
import { parseEnvFile } from "./parse-env-file.ts";

/** A file that is written before the task starts. */
export interface PlannedFile {
  /** Relative to the allocation's folder. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** The files of a task's `template` blocks; throws `job-invalid` for a destination outside of its folders. */
export function planTemplates(task: Task, scope: Scope): readonly PlannedFile[] {
  return task.templates.map((template) => ({
    path: toAllocPath(task.name, template, scope),
    text: template.data,
    mode: Number.parseInt(template.perms, 8),
  }));
}

/**
 * The file's place in the allocation's folder, "/" here: a relative path begins in the task's folder, and an absolute one
 * that leads elsewhere too (`nomad`: taskenv ClientPath). It must end in the task's folder or the shared one.
 */
function toAllocPath(taskName: string, { destination, position }: TaskTemplate, scope: Scope): string {
  const folders = { NOMAD_ALLOC_DIR: "/alloc", NOMAD_TASK_DIR: `/${taskName}/local`, NOMAD_SECRETS_DIR: `/${taskName}/secrets` };
  const given = interpolateText(destination, new Map([...scope, ...Object.entries(folders)]));
  const isKept = posix.isAbsolute(given) && isInside(posix.normalize(given), taskName) && given !== destination;
  const path = isKept ? posix.normalize(given) : posix.join(`/${taskName}`, given);
  const leavesTask = posix.normalize(`./${given}`).startsWith("../../") || posix.normalize(`./${given}`) === "../..";
  if (!leavesTask && isInside(path, taskName) && !path.endsWith("/") && !isFolder(path, taskName)) return path.slice(1);
  const message = `template: destination ${JSON.stringify(destination)} must be a file in the task's folder or in \${NOMAD_ALLOC_DIR}`;
  throw new RunError("job-invalid", message, { position });
}

function isInside(path: string, taskName: string): boolean {
  return path.startsWith(`/${taskName}/`) || path.startsWith("/alloc/");
}

/** Folders that every allocation has. */
function isFolder(path: string, taskName: string): boolean {
  return ["local", "secrets", "tmp"].some((name) => path === `/${taskName}/${name}`) || /^\/alloc\/(?:data|logs|tmp)$/.test(path);
}

/** The variables of a task's templates with `env = true`; throws `job-invalid` with the line that is none. */
export function parseTemplateEnv(task: Task): Readonly<Record<string, string>> {
  return Object.assign({}, ...task.templates.filter(({ env }) => env).map(readVariables));
}

function readVariables({ data, destination, position }: TaskTemplate): Readonly<Record<string, string>> {
  const parsed = parseEnvFile(data);
  if ("env" in parsed) return parsed.env;
  const { line, message } = parsed.problem;
  throw new RunError("job-invalid", `template ${JSON.stringify(destination)}, line ${line} of its variables: ${message}`, { position });
}
