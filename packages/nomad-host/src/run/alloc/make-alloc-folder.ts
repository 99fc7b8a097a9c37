import { mkdir, realpath } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";

/** Makes a folder of an allocation, with those around it. Rejects when a link, which a task can have made, leads out of the allocation. */
export async function makeAllocFolder(path: string, allocPath: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const place = relative(await realpath(allocPath), await realpath(path));
  if (place.startsWith("..") || isAbsolute(place)) throw new Error(`${path} leads out of the allocation's folder`);
}
