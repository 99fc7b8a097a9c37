import { join } from "node:path";
import { LibpodError } from "@driver/libpod";
import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import type { Passage } from "../host/allocation-paths.ts";
import { findClosedFiles, findClosedFolder, type ClosedPath } from "../host/closed-paths.ts";
import { readEngineOwner, type EngineOwner } from "../host/engine-owner.ts";
import { quoteForShell, toPassCommand } from "../host/folder-acl.ts";
import type { HostRoots } from "../host/proc-files.ts";
import type { HostBind } from "../topics/topic.ts";

/** So many are named; the others are counted. */
const mostNamed = 5;

/** The user whose Podman it is; undefined: root, who may do everything, or nobody can tell. */
export function findEngineUser(roots: HostRoots, socketPath: string): EngineOwner | undefined {
  try {
    const owner = readEngineOwner(roots, socketPath, undefined);
    return owner.uid === 0 ? undefined : owner;
  } catch {
    return undefined;
  }
}

/** An error of a user's Podman that was not let at what it should mount, with the folder that is in the way and the cure. */
export async function explainAccess(error: unknown, binds: readonly HostBind[], owner: EngineOwner | undefined): Promise<unknown> {
  if (owner === undefined || !(error instanceof DriverError) || !(error.cause instanceof LibpodError)) return error;
  if (!/permission denied/i.test(error.cause.podmanMessage ?? "")) return error;
  const closed = binds.map(({ source }) => findClosedFolder(source, owner)).find((found) => found !== undefined);
  if (closed === undefined) return error;
  const cure = `${await toPassCommand(closed, owner.uid, {})}, or chmod o+x ${quoteForShell(closed.path)}`;
  const text = `user ${owner.uid}, whose Podman this is, may not enter ${describe(closed)}; to let him: ${cure}`;
  return new DriverError(error.code, `${error.message}; ${text}`, { recoverable: error.recoverable, cause: error.cause });
}

/** What Nomad has written for a task that its user cannot read, in words for the job's author; undefined: nothing. */
export function tellClosedFiles({ allocDir, name }: Pick<TaskConfig, "allocDir" | "name">, owner: EngineOwner): string | undefined {
  const taskDir = join(allocDir, name);
  const closed = findClosedFiles([join(taskDir, "local"), join(taskDir, "secrets")], owner);
  if (closed.length === 0) return undefined;
  const named = closed.slice(0, mostNamed).map((one) => describe({ ...one, path: one.path.slice(taskDir.length + 1) }));
  const more = closed.length > mostNamed ? `, and ${closed.length - mostNamed} more` : "";
  const cure = `a template gives others the right with perms = "0644", or the file to him with uid = ${owner.uid}`;
  return `the task cannot read ${named.join(", ")}${more}: it runs in the Podman of user ${owner.uid}; ${cure}`;
}

/** What `open_allocation_path` has come to at one folder, in words for the job's author and the operator. */
export function tellPassage({ folder, problem, cure }: Passage, owner: EngineOwner): string {
  const passes = `open_allocation_path: user ${owner.uid}, whose Podman this is,`;
  if (problem === undefined) return `${passes} may now pass ${describe(folder)}, by an ACL for him alone`;
  return `${passes} could not be let through ${describe(folder)}: ${problem}; to let him: ${cure}`;
}

function describe({ path, mode, uid, gid }: ClosedPath): string {
  return `${path} (mode ${mode.toString(8).padStart(4, "0")}, owner ${uid}:${gid})`;
}
