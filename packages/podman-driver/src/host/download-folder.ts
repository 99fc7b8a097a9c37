import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Where Podman keeps the blobs of a pull until it has them all: `storage…` (podman 4.3), `container_images_storage…` (5.4). */
const downloadName = /^(?:container_images_)?storage\d+$/;

/** The downloads that an engine has under way, each with the bytes that have come. */
export type Downloads = ReadonlyMap<string, number>;

/** Looks at the sizes of files alone. Undefined where the folder cannot be read: another machine's, or another name. */
export async function readDownloads(folder: string): Promise<Downloads | undefined> {
  if (folder === "") return undefined;
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const downloads = new Map<string, number>();
  for (const name of names) if (downloadName.test(name)) downloads.set(name, await measure(join(folder, name)));
  return downloads;
}

/** What vanishes meanwhile has no size. */
async function measure(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const stats = await lstat(join(folder, name)).catch(() => undefined);
    if (stats?.isFile() === true) bytes += stats.size;
  }
  return bytes;
}
