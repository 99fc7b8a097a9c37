import { rm } from "node:fs/promises";
import { claimFolder, readFolderState, releaseFolder } from "./owned-folder.ts";

/** A place for an engine's images, ours until disposed of. */
export interface EngineStorage extends AsyncDisposable {
  readonly path: string;
}

/**
 * Takes `cache`, which keeps images from one engine to the next, or `fallback` while another engine has it. What an engine
 * that was killed left in the cache is thrown away. A cache is never removed on disposal, a fallback is the caller's.
 */
export async function claimEngineStorage(cache: string, fallback: string): Promise<EngineStorage> {
  const state = await readFolderState(cache);
  if (state === "used") return { path: fallback, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (state === "stale") await rm(cache, { recursive: true, force: true });
  await claimFolder(cache);
  return { path: cache, [Symbol.asyncDispose]: () => releaseFolder(cache) };
}
