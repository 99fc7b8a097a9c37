import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StorageDriver } from "./engine-config.ts";
import { runProcess } from "./run-process.ts";
import { findTool } from "./tool-path.ts";

/** The fastest storage driver that works in `storage`: native overlay, overlay through FUSE, else whole copies (vfs). */
export async function resolveStorageDriver(storage: string, signal: AbortSignal): Promise<StorageDriver> {
  if (await canMountOverlay(storage, signal)) return { name: "overlay" };
  const mountProgram = findTool("fuse-overlayfs");
  if (mountProgram !== undefined && existsSync("/dev/fuse")) return { name: "overlay", mountProgram };
  return { name: "vfs" };
}

async function canMountOverlay(storage: string, signal: AbortSignal): Promise<boolean> {
  await mkdir(storage, { recursive: true });
  const probe = await mkdtemp(join(storage, "probe-"));
  try {
    for (const name of ["lower", "upper", "work", "merged"]) await mkdir(join(probe, name));
    const merged = join(probe, "merged");
    const layers = `lowerdir=${probe}/lower,upperdir=${probe}/upper,workdir=${probe}/work`;
    const mounted = await runProcess("mount", ["-t", "overlay", "overlay", "-o", layers, merged], { signal });
    if (mounted.code === 0) await runProcess("umount", ["--lazy", merged], { signal });
    return mounted.code === 0;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}
