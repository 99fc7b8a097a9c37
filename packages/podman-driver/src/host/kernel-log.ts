import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { HostRoots } from "./proc-files.ts";

/** The kernel gives one record per read, none longer than this. */
const recordBytes = 8192;
/** A full ring buffer holds fewer; more means that it is written faster than it is read. */
const mostRecords = 20_000;

/**
 * Whether the kernel's log still has an OOM kill in this container's cgroup. A last resort for a cgroup that was gone
 * before its counter could be read; the log is shared by the whole host, and the kernel may leave kills out of it.
 */
export function hasOomRecord(roots: HostRoots, containerId: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(join(roots.devDir, "kmsg"), constants.O_RDONLY | constants.O_NONBLOCK);
    return findRecord(fd, (record) => record.includes(containerId) && /oom-kill:|Task in \//.test(record));
  } catch {
    // Not readable for this user, or not there: nothing is known.
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function findRecord(fd: number, isWanted: (record: string) => boolean): boolean {
  const buffer = Buffer.allocUnsafe(recordBytes);
  for (let count = 0; count < mostRecords; count += 1) {
    const length = readRecord(fd, buffer);
    if (length === 0) return false;
    if (isWanted(buffer.toString("latin1", 0, length))) return true;
  }
  return false;
}

/** 0 at the end. A record that the ring buffer has lost before it was read is passed over. */
function readRecord(fd: number, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) return 0;
    }
  }
}
