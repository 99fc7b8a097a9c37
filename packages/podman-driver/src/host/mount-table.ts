import { constants } from "node:fs";
import { open, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { HostRoots } from "./proc-files.ts";

/** What a bind shows: a file system by its device numbers, and a path within it. Both as `/proc/<pid>/mountinfo` writes them. */
export interface MountSource {
  readonly device: string;
  readonly root: string;
}

interface TableLine extends MountSource {
  readonly id: string;
  readonly mountPoint: string;
}

/** A path of the host's that was opened, so that it cannot become another one under one's eyes. */
export interface OpenedPath {
  /** Absolute, without symlinks. */
  readonly realPath: string;
  /** Undefined: the kernel does not tell. */
  readonly source: MountSource | undefined;
}

/** Opens nothing of what a path leads to, only the way there: no device, no pipe. From the kernel's headers; Node does not name it. */
const pathOnly = 0o10000000;

/**
 * Finds out where a path leads, as the kernel resolves it.
 * @throws the system's error, with its code
 */
export async function openPath({ procDir }: Pick<HostRoots, "procDir">, path: string): Promise<OpenedPath> {
  await using handle = await open(path, pathOnly | constants.O_RDONLY);
  const own = join(procDir, "self");
  const [realPath, info, table] = await Promise.all([
    readlink(join(own, "fd", String(handle.fd))),
    readFile(join(own, "fdinfo", String(handle.fd)), "utf8"),
    readFile(join(own, "mountinfo"), "utf8"),
  ]);
  const id = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
  return { realPath, source: findSource(parseMountTable(table), id, realPath) };
}

/** The binds and other mounts of a process's mount namespace, by the text of its `mountinfo`. */
export function parseMountTable(text: string): readonly TableLine[] {
  return text.split("\n").flatMap((line) => {
    const [id, , device, root, mountPoint] = line.split(" ");
    if (id === undefined || device === undefined || root === undefined || mountPoint === undefined) return [];
    return [{ id, device, root, mountPoint }];
  });
}

/** Which file system a path is in, and where in it; undefined where its mount is not in the table. */
export function findSource(table: readonly TableLine[], mountId: string | undefined, realPath: string): MountSource | undefined {
  const mount = table.find(({ id }) => id === mountId);
  if (mount === undefined) return undefined;
  const path = escapePath(realPath);
  const below = mount.mountPoint === "/" ? path : path.slice(mount.mountPoint.length);
  return { device: mount.device, root: `${mount.root === "/" ? "" : mount.root}${below}` || "/" };
}

/** As the kernel writes paths in its tables. */
function escapePath(path: string): string {
  return path.replace(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
