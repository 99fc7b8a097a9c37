import { lstatSync, readdirSync, statSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { owns, type EngineOwner } from "./engine-owner.ts";

/** A file or folder that a user may not open, and why not. */
export interface ClosedPath {
  readonly path: string;
  /** The lowest twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const [read, enter] = [0o4, 0o1];

/** Of a task's folder so much is looked at: it may hold a whole unpacked archive. */
const mostEntries = 500;

/** The first folder on the way to a path that an engine's owner may not enter; undefined: none is. */
export function findClosedFolder(path: string, owner: EngineOwner): ClosedPath | undefined {
  const parent = dirname(path);
  const above = parent === path ? undefined : findClosedFolder(parent, owner);
  if (above !== undefined) return above;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && isClosed(stats, enter, owner) ? toClosedPath(path, stats) : undefined;
}

/** What below these folders an engine's owner may not read. Links are not followed, and what cannot be looked at is passed over. */
export function findClosedFiles(folders: readonly string[], owner: EngineOwner): readonly ClosedPath[] {
  const found: ClosedPath[] = [];
  const waiting = [...folders];
  for (let count = 0; waiting.length > 0 && count < mostEntries; count++) {
    const path = waiting.shift() ?? "";
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.isSymbolicLink()) continue;
    if (isClosed(stats, stats.isDirectory() ? enter : read, owner)) found.push(toClosedPath(path, stats));
    else if (stats.isDirectory()) waiting.push(...namesIn(path).map((name) => join(path, name)));
  }
  return found;
}

/**
 * Root in a user's container may do everything with what is his. Of what is not, only that is taken for closed which is closed to
 * the group as well: its bits are also the mask of an ACL that lets him in.
 */
function isClosed({ uid, mode }: Stats, right: number, owner: EngineOwner): boolean {
  return !owns(owner, uid) && (mode & (right | (right << 3))) === 0;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function toClosedPath(path: string, { mode, uid, gid }: Stats): ClosedPath {
  return { path, mode: mode & 0o7777, uid, gid };
}
