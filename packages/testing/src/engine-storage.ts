import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { claimFolder, readFolderState, releaseFolder } from "./owned-folder.ts";

/** A place for an engine's images, ours until disposed of. */
export interface EngineStorage extends AsyncDisposable {
  readonly path: string;
}

/**
 * Takes `cache`, which keeps images from one engine to the next, or a passing folder beside it while another engine has it.
 * What an engine that was killed left in the cache is thrown away.
 */
export async function claimEngineStorage(cache: string): Promise<EngineStorage> {
  const state = await readFolderState(cache);
  if (state === "stale") await rm(cache, { recursive: true, force: true });
  if (state === "used") {
    const path = await mkdtemp(join(dirname(cache), "engine-"));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  }
  await claimFolder(cache);
  return { path: cache, [Symbol.asyncDispose]: () => releaseFolder(cache) };
}
