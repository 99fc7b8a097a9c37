import { lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { GoPluginError } from "../go-plugin-error.ts";
import type { Logger } from "../log/logger.ts";

/** A folder of our own (mode 0700) with the place of the plugin's socket in it. */
export interface SocketFolder {
  readonly socketPath: string;
  /** Removes folder and socket; never throws. */
  remove(): void;
}

/** Linux takes no longer path for a socket; Node would cut it silently. */
const maxSocketPathBytes = 107;
const prefix = "go-plugin";
const socketName = "plugin.sock";

/**
 * Makes the folder in the first of `parents` that is writable and short enough, after folders that dead plugins
 * left there are removed. Throws `serve-failed` with all reasons when none will do.
 */
export function createSocketFolder(options: {
  readonly parents: readonly string[];
  readonly pid: number;
  readonly logger: Logger;
}): SocketFolder {
  const name = folderName(options.pid);
  const reasons: string[] = [];
  for (const parent of options.parents) {
    if (Buffer.byteLength(join(parent, `${name}-XXXXXX`, socketName)) > maxSocketPathBytes) {
      reasons.push(`${parent}: the socket path would exceed ${maxSocketPathBytes} bytes`);
      continue;
    }
    try {
      const folder = mkdtempSync(join(parent, `${name}-`));
      sweepDeadFolders(parent);
      for (const reason of reasons) options.logger.warn(`socket folder not used: ${reason}`, { using: folder });
      return { socketPath: join(folder, socketName), remove: () => removeFolder(folder) };
    } catch (error) {
      reasons.push(`${parent}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new GoPluginError("serve-failed", `no folder for the plugin's socket: ${reasons.join("; ")}`);
}

/** Pid, start time and pid namespace: a later process with the same pid has another start time. */
function folderName(pid: number): string {
  return `${prefix}-${pid}-${startTicks(pid) ?? 0}-${pidNamespace()}`;
}

/**
 * Removes the folders of plugins that are gone. Kept are other users' folders, and those from another pid
 * namespace, whose processes cannot be seen from here.
 */
function sweepDeadFolders(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, ticks, namespace] = /^go-plugin-(\d+)-(\d+)-(\d+)-\w{6}$/.exec(name) ?? [];
    if (pid === undefined || ticks === "0" || namespace !== pidNamespace()) continue;
    if (startTicks(Number(pid)) === ticks) continue;
    if (isOwnFolder(join(parent, name))) removeFolder(join(parent, name));
  }
}

function isOwnFolder(path: string): boolean {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && stat.uid === process.geteuid?.();
  } catch {
    return false;
  }
}

/** Start of a process in clock ticks since boot; undefined when there is none, or it is a zombie. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const isDead = fields[0] === "Z" || fields[0] === "X";
    return isDead ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Left for the next plugin's sweep.
  }
}
