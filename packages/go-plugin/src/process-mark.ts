import { readFileSync, readlinkSync } from "node:fs";

/**
 * A name for one process, for the names of its files: `<pid>-<start time>-<pid namespace>`. A later process with the
 * same pid has another start time.
 */
export function toProcessMark(pid: number): string {
  return `${pid}-${startTicks(pid) ?? 0}-${pidNamespace()}`;
}

/** Whether the process of this mark is gone; false also when that cannot be told, as for one of another pid namespace. */
export function isMarkOfDead(mark: string): boolean {
  const [, pid, ticks, namespace] = /^(\d+)-(\d+)-(\d+)$/.exec(mark) ?? [];
  if (pid === undefined || ticks === "0" || namespace !== pidNamespace()) return false;
  return startTicks(Number(pid)) !== ticks;
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
