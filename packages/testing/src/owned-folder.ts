import { readFileSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ownerFile = "owner";

/** A folder that names the process it belongs to, so that a later run can tell a forgotten one from one in use. */
export interface OwnedFolder {
  readonly path: string;
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/pid/stat), or undefined when it is gone. */
export function readStartTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return afterName[0] === "Z" || afterName[0] === "X" ? undefined : afterName[19];
  } catch {
    return undefined;
  }
}

/** Makes `<parent>/<prefix>XXXXXX`, mode 0700, owned by this process. */
export async function createOwnedFolder(parent: string, prefix: string): Promise<OwnedFolder> {
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, prefix));
  await claimFolder(path);
  return { path };
}

/** Writes this process down as the owner of a folder. */
export async function claimFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, ownerFile), `${process.pid} ${readStartTicks(process.pid) ?? ""} ${readBootId()} ${readPidNamespace()}\n`);
}

/** Gives a folder up without removing it; it can be claimed again. */
export async function releaseFolder(path: string): Promise<void> {
  await rm(join(path, ownerFile), { force: true });
}

/**
 * "free" has no owner file; "stale" was never given up by an owner that is dead now; "used" has a living one, or one in
 * another pid namespace, where it cannot be seen.
 */
export async function readFolderState(path: string): Promise<"free" | "stale" | "used"> {
  let owner: string;
  try {
    owner = await readFile(join(path, ownerFile), "utf8");
  } catch {
    return "free";
  }
  const [pid = "", startTicks, bootId, pidNamespace] = owner.trim().split(" ");
  if (bootId !== readBootId()) return "stale";
  if (pidNamespace !== readPidNamespace()) return "used";
  return readStartTicks(Number(pid)) === startTicks ? "used" : "stale";
}

/** Lists folders `<parent>/<prefix>*` whose owner died without removing them. */
export async function listStaleFolders(parent: string, prefix: string): Promise<string[]> {
  const stale: string[] = [];
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const path = join(parent, name);
    if (name.startsWith(prefix) && (await readFolderState(path)) === "stale") stale.push(path);
  }
  return stale;
}

function readPidNamespace(): string {
  return readlinkSync("/proc/self/ns/pid");
}

function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
