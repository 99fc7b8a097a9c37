import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface FoundProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Program and arguments. */
  readonly command: readonly string[];
}

/** The processes of this world that have not ended. */
export function listProcesses(): FoundProcess[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => readProcess(Number(name)));
}

/** What a process has open: paths, and kinds of what has none. */
export function listOpenFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => readTarget(`/proc/${pid}/fd/${name}`)).toSorted();
}

function readTarget(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

function readProcess(pid: number): FoundProcess[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parentPid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return [];
    return [{ pid, parentPid: Number(parentPid), command: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") }];
  } catch {
    return [];
  }
}
