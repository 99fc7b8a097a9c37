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

/** A folder that an engine's owner may not enter as one of the others. */
export interface BarredFolder extends ClosedPath {
  /** False: its group's bits let somebody in, who may be he: one of the group, or one that an ACL names. */
  readonly isClosed: boolean;
  /** Which folder it is, and with which mode; an entry more in it changes nothing. */
  readonly identity: string;
}

/** The folders on the way to a path, from the root to the path itself. */
export function foldersTo(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...foldersTo(parent), path];
}

/** The first folder on the way to a path that an engine's owner may not enter; undefined: none is. */
export function findClosedFolder(path: string, owner: EngineOwner): ClosedPath | undefined {
  for (const folder of foldersTo(path)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true && isClosed(stats, enter, owner)) return toClosedPath(folder, stats);
  }
  return undefined;
}

/**
 * What keeps an engine's owner out of a folder, as far as its mode tells; undefined: it is his, lets everybody in, or is no folder.
 * Throws when it cannot be looked at.
 */
export function findBar(path: string, owner: EngineOwner): BarredFolder | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || owns(owner, stats.uid) || (stats.mode & enter) !== 0) return undefined;
  const { dev, ino, mode, uid, gid } = stats;
  return { ...toClosedPath(path, stats), isClosed: isClosed(stats, enter, owner), identity: [dev, ino, mode, uid, gid].join(":") };
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
