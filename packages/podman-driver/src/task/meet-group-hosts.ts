import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { DriverError } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import { readCniAddress } from "../host/cni-results.ts";
import { readHostNames, type HostNames } from "../host/host-names.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { addToGroupHosts, type GroupHosts } from "../topics/group-hosts.ts";
import type { Need } from "../topics/topic.ts";

export type GroupHostsNeed = Extract<Need, { readonly kind: "group-hosts" }>;

/** Tasks may write what they like into the file; one that has grown beyond this is written anew. */
const longestBytes = 256 * 1024;

/**
 * Sees to it that the hosts file of a group is there and has what a task asks for, and settles with where it is.
 * @throws DriverError as `addToGroupHosts`, and recoverable when the file cannot be written
 */
export async function meetGroupHosts(need: GroupHostsNeed, roots: HostRoots): Promise<string> {
  const { path, netnsPath, allocId, hosts } = need;
  const host = readHostNames(roots.etcDir);
  const address = hosts.address ?? (await readCniAddress(allocId, netnsPath));
  try {
    return write(path, { ...hosts, address }, host);
  } catch (cause) {
    if (cause instanceof DriverError) throw cause;
    throw new DriverError("failed", `the hosts file of the group cannot be written: ${String(cause)}`, { recoverable: true, cause });
  }
}

/** In one go, so that tasks that start at one time do not write over each other's lines. */
function write(path: string, hosts: GroupHosts, host: HostNames): string {
  const at = toWritable(path);
  try {
    const { size } = fstatSync(at.fd);
    const found = size === 0 || size > longestBytes ? undefined : readFileSync(at.fd, "utf8");
    const text = addToGroupHosts(found, hosts, host);
    if (text === found) return at.path;
    const length = writeSync(at.fd, text, 0, "utf8");
    if (length < size) ftruncateSync(at.fd, length);
    return at.path;
  } finally {
    closeSync(at.fd);
  }
}

/** The allocation's folder is Nomad's alone, but for a task that is called as the file. */
function toWritable(path: string): { readonly path: string; readonly fd: number } {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const open = (at: string): { readonly path: string; readonly fd: number } => ({ path: at, fd: openSync(at, flags, 0o644) });
  try {
    return open(path);
  } catch (error) {
    if (codeOf(error) !== "EISDIR") throw error;
    return open(join(dirname(path), ".hosts"));
  }
}
