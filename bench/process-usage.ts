import { readFileSync } from "node:fs";

/** The kernel counts CPU time in these (USER_HZ, 100 on every Linux platform of Node). */
const ticksPerSecond = 100;

/** CPU time of a process and of those of its children that it has waited for, in seconds, to 0.01 s. */
export function readCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Fields 14 to 17; the command name before them stands in parentheses and may hold blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(11, 15);
  return fields.reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond;
}

/** Memory of a process that no file backs, in MB (10^6 bytes). */
export function readAnonymousMb(pid: number): number {
  return readStatusMb(pid, "RssAnon");
}

/** All memory of a process that is in RAM, in MB (10^6 bytes). */
export function readResidentMb(pid: number): number {
  return readStatusMb(pid, "VmRSS");
}

function readStatusMb(pid: number, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`no ${field} for process ${pid}`);
  return (Number(kilobytes) * 1024) / 1_000_000;
}
