import { mkdir, realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative } from "node:path";
import { codeOf } from "@driver/std";

/**
 * Makes a folder of an allocation, with those around it. Rejects when a link, which a task can have made, leads out of the
 * allocation; nothing is made there then.
 */
export async function makeAllocFolder(path: string, allocPath: string): Promise<void> {
  const root = await realpath(allocPath);
  refuseOutside(await resolveDeepest(path), { root, path });
  await mkdir(path, { recursive: true });
  // A task may have put a link there meanwhile.
  refuseOutside(await realpath(path), { root, path });
}

function refuseOutside(place: string, { root, path }: { readonly root: string; readonly path: string }): void {
  const way = relative(root, place);
  if (way.startsWith("..") || isAbsolute(way)) throw new Error(`${path} leads out of the allocation's folder`);
}

/** Where the deepest folder on a path is that there is. */
async function resolveDeepest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    return await resolveDeepest(dirname(path));
  }
}
