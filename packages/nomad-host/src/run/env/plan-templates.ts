import { posix } from "node:path";

import type { Task, TaskTemplate } from "../../job/job.ts";
import { RunError } from "../run-error.ts";

/** A file that is written before the task starts. */
export interface PlannedFile {
  /** Relative to the allocation's folder. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** Where a template may write, by the prefix of its destination: the task's own folder, or the shared one. */
const places = [
  { prefix: /^(?:\$\{NOMAD_TASK_DIR\}|\/?local)(?=\/)/, folder: (task: string) => `${task}/local` },
  { prefix: /^(?:\$\{NOMAD_SECRETS_DIR\}|\/?secrets)(?=\/)/, folder: (task: string) => `${task}/secrets` },
  { prefix: /^(?:\$\{NOMAD_ALLOC_DIR\}|(?:\.\.)?\/?alloc)(?=\/)/, folder: () => "alloc" },
] as const;

/** The files of a task's `template` blocks; throws `job-invalid` for a destination outside of its folders. */
export function planTemplates(task: Task): readonly PlannedFile[] {
  return task.templates.map((template) => ({
    path: toHostPath(task.name, template),
    text: template.data,
    mode: Number.parseInt(template.perms, 8),
  }));
}

function toHostPath(taskName: string, { destination, position }: TaskTemplate): string {
  const place = places.find(({ prefix }) => prefix.test(destination));
  if (place !== undefined) {
    const folder = place.folder(taskName);
    const path = posix.join(folder, destination.replace(place.prefix, ""));
    if (path.startsWith(`${folder}/`) && !path.endsWith("/") && !path.includes("${")) return path;
  }
  const message = `template: destination ${JSON.stringify(destination)} must be a file below local/, secrets/ or \${NOMAD_ALLOC_DIR}/`;
  throw new RunError("job-invalid", message, { position });
}

/** The variables of a task's templates with `env = true`: lines `NAME=value`, empty lines and comments. */
export function parseTemplateEnv(task: Task): Readonly<Record<string, string>> {
  return Object.assign({}, ...task.templates.filter(({ env }) => env).map(parseEnvFile));
}

function parseEnvFile({ data, position }: TaskTemplate): Record<string, string> {
  const lines = data.split(/\r?\n/).map((line) => line.trim());
  const settings = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    settings.map((line) => {
      const [, name, quoted, bare] = /^(?:export\s+)?([^\s=]+)\s*=\s*(?:["'](.*)["']|(.*))$/.exec(line) ?? [];
      if (name === undefined)
        throw new RunError("job-invalid", `template: ${JSON.stringify(line)} is not of the form NAME=value`, { position });
      return [name, quoted ?? bare ?? ""];
    }),
  );
}
