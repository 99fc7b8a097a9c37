import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { Report } from "../config/report.ts";
import type { DeviceNeed } from "../topics/topic.ts";

interface Expectation {
  readonly what: string;
  readonly remedy: string;
  fits(found: Stats): boolean;
}

const expectations: Readonly<Record<DeviceNeed["sort"], Expectation>> = {
  block: {
    what: "a block device of the host",
    remedy: "write the path of a disk, e.g. /dev/sda; lsblk shows them",
    fits: (found) => found.isBlockDevice(),
  },
  any: {
    what: "a device of the host, or a folder of them",
    remedy: "write the path of a device node, e.g. /dev/fuse",
    fits: (found) => found.isBlockDevice() || found.isCharacterDevice() || found.isDirectory(),
  },
};

/**
 * Looks at what host paths lead to. A path that this plugin does not see is left to Podman, which says itself what is missing.
 * @throws DriverError with all paths that lead to something else
 */
export async function checkDevices(needs: readonly DeviceNeed[]): Promise<void> {
  const report = new Report();
  for (const { key, value, path, sort } of needs) {
    const { what, remedy, fits } = expectations[sort];
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || fits(found)) continue;
    report.refuse({ key, value, problem: `needs ${what}, and ${path} is ${toKind(found)}`, remedy });
  }
  report.throwIfAny();
}

function toKind(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isCharacterDevice()) return "a character device";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a file";
}
