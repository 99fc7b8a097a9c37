import { posix } from "node:path";

import { interpolateText } from "./interpolate.ts";
import type { Scope } from "./interpolate.ts";

/**
 * Where a destination of the job file lies in the allocation's folder, "/" here: a relative path begins in the task's folder, and an
 * absolute one that leads elsewhere too (`nomad`: taskenv ClientPath). Undefined when it ends neither in the task's
 * folder nor in the shared one. A slash at the end is kept.
 */
export function toAllocPath(taskName: string, destination: string, scope: Scope): string | undefined {
  const folders = { NOMAD_ALLOC_DIR: "/alloc", NOMAD_TASK_DIR: `/${taskName}/local`, NOMAD_SECRETS_DIR: `/${taskName}/secrets` };
  const given = interpolateText(destination, new Map([...scope, ...Object.entries(folders)]));
  const isKept = posix.isAbsolute(given) && isInside(posix.normalize(given), taskName) && given !== destination;
  const path = isKept ? posix.normalize(given) : posix.join(`/${taskName}`, given);
  const leavesTask = posix.normalize(`./${given}`).startsWith("../../") || posix.normalize(`./${given}`) === "../..";
  return !leavesTask && isInside(path, taskName) ? path : undefined;
}

function isInside(path: string, taskName: string): boolean {
  return [`/${taskName}`, "/alloc"].some((folder) => path === folder || path.startsWith(`${folder}/`));
}
