import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@driver/std";
import { GoPluginError } from "../go-plugin-error.ts";
import type { Logger } from "../log/logger.ts";
import { isMarkOfDead, toProcessMark } from "../process-mark.ts";

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
  const name = `${prefix}-${toProcessMark(options.pid)}`;
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
      reasons.push(`${parent}: ${messageOf(error)}`);
    }
  }
  throw new GoPluginError("serve-failed", `no folder for the plugin's socket: ${reasons.join("; ")}`);
}

/**
 * Removes the folders of plugins that are gone. Kept are other users' folders, and those from another pid
 * namespace, whose processes cannot be seen from here.
 */
function sweepDeadFolders(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, mark] = /^go-plugin-(.+)-\w{6}$/.exec(name) ?? [];
    if (mark !== undefined && isMarkOfDead(mark) && isOwnFolder(join(parent, name))) removeFolder(join(parent, name));
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

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Left for the next plugin's sweep.
  }
}
