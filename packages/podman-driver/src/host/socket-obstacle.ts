import { accessSync, constants, readlinkSync, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "@driver/std";

/**
 * What on the disk keeps this process from a unix socket, in words for the operator: the folder that is missing or may not be
 * entered, a link that leads nowhere, or what else is in the socket's place. Undefined: nothing there is wrong. `may` says whether
 * this process may access a path in a way that `access(2)` names.
 */
export function findSocketObstacle(path: string, may: (path: string, how: number) => boolean = mayAccess): string | undefined {
  const user = `user ${process.getuid?.()}`;
  const folders = foldersOf(path);
  for (const folder of folders) {
    const found = look(folder);
    if (found === "missing") return describeLink(folder) ?? `${folder} does not exist`;
    if (found === "hidden") return undefined;
    if (!found.isDirectory()) return `${folder} is no folder`;
    if (!may(folder, constants.X_OK)) return `${user} may not enter ${folder} (${describe(found)})`;
  }
  const socket = look(path);
  if (socket === "missing") return describeLink(path);
  if (socket === "hidden") return undefined;
  if (!socket.isSocket()) return `it is ${socket.isDirectory() ? "a folder" : "a file"} and no socket`;
  return may(path, constants.W_OK) ? undefined : `${user} may not write to it (${describe(socket)})`;
}

/** From the root down to the one that holds it. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersOf(folder), folder];
}

function look(path: string): Stats | "missing" | "hidden" {
  try {
    return statSync(path);
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "missing" : "hidden";
  }
}

/** Of what is missing; undefined: it is no link. */
function describeLink(path: string): string | undefined {
  try {
    return `${path} is a link to ${readlinkSync(path)}, which does not exist`;
  } catch {
    return undefined;
  }
}

function mayAccess(path: string, how: number): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch {
    return false;
  }
}

function describe({ mode, uid, gid }: Stats): string {
  return `mode ${(mode & 0o7777).toString(8).padStart(4, "0")}, owner ${uid}:${gid}`;
}
