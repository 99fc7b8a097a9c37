import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { makeAllocFolder } from "./make-alloc-folder.ts";

const run = promisify(execFile);

/** Tasks run as any user, so Nomad gives these folders to nobody and opens them to all. */
const nobodyId = 65534;
const openMode = 0o777;
const stickyOpenMode = 0o1777;
const removalTimeoutMs = 60_000;

/**
 * Makes `<root>/<alloc>/alloc/{data,logs,tmp}` and `<root>/<alloc>/<task>/{local,secrets,tmp}`. The allocation's own
 * folder can be walked through but not listed by others, so a rootless engine reaches what is mounted.
 */
export async function createAllocDir(rootPath: string, allocId: string, taskNames: readonly string[]): Promise<void> {
  const path = join(rootPath, allocId);
  await makeDirectory(path, 0o711);
  const sharedPath = join(path, "alloc");
  await makeOpenDirectory(sharedPath, openMode);
  await makeOpenDirectory(join(sharedPath, "data"), openMode);
  await makeOpenDirectory(join(sharedPath, "logs"), openMode);
  await makeOpenDirectory(join(sharedPath, "tmp"), stickyOpenMode);
  for (const name of taskNames) {
    const taskPath = join(path, name);
    await makeOpenDirectory(taskPath, openMode);
    await makeOpenDirectory(join(taskPath, "local"), openMode);
    await makeOpenDirectory(join(taskPath, "secrets"), openMode);
    await makeOpenDirectory(join(taskPath, "tmp"), stickyOpenMode);
  }
}

/** A file of a template: `path` is relative to the allocation's folder; without `uid` and `gid` its owner is this user. */
export interface AllocFile {
  readonly path: string;
  readonly text: string | Uint8Array;
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/**
 * Puts a file into an allocation's folder, where tasks may run: whole at once, and in the place of what is there, a link too. Rejects when
 * only root could give it to its owner.
 */
export async function writeAllocFile(allocPath: string, file: AllocFile): Promise<void> {
  const path = join(allocPath, file.path);
  // No task sees the allocation's own folder.
  const draft = join(allocPath, `.draft-${randomUUID()}`);
  try {
    await writeFile(draft, file.text, { flag: "wx" });
    // Before the mode: a change of the owner takes the set-user-id bit away. -1 leaves one as it is.
    if (file.uid !== undefined || file.gid !== undefined) await chown(draft, file.uid ?? -1, file.gid ?? -1);
    await chmod(draft, file.mode);
    await makeAllocFolder(dirname(path), allocPath);
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function makeOpenDirectory(path: string, mode: number): Promise<void> {
  await makeDirectory(path, mode);
  if (process.geteuid?.() === 0) await chown(path, nobodyId, nobodyId);
}

/** mkdir's mode is cut by the umask, chmod's is not. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path);
  await chmod(path, mode);
}

/**
 * Removes a folder with everything in it. Files that a rootless container left belong to subordinate users, whom only
 * a user namespace with the same mapping may remove: tried when the plain way is refused to an ordinary user. Rejects when
 * something stays.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (refusal) {
    if (process.geteuid?.() === 0) throw refusal;
    const bounds = { timeout: removalTimeoutMs, killSignal: "SIGKILL" } as const;
    // Where user namespaces are refused, unshare may wait for ever for a mapping that does not come.
    await run("unshare", ["--user", "--map-root-user", "--map-auto", "rm", "-rf", "--", path], bounds).catch(() => {
      throw refusal;
    });
  }
}
