import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface HungTestLimits {
  /** How long a test file may take. */
  readonly mostMs: number;
  readonly everyMs: number;
}

/**
 * Kills each child of a test runner that has lived for longer than a test file may, and tells its last argument, the file. Node's
 * own limit is for tests: a file whose tests have all ended but which still holds a socket or a timer is waited for without end,
 * and nothing names it. Settles when the signal fires.
 */
export async function endHungTests(
  runnerPid: number,
  { limits, tell }: { readonly limits: HungTestLimits; tell(file: string): void },
  signal: AbortSignal,
): Promise<void> {
  let firstSeenMs = new Map<number, number>();
  while (!signal.aborted) {
    const nowMs = performance.now();
    firstSeenMs = new Map(childrenOf(runnerPid).map((pid) => [pid, firstSeenMs.get(pid) ?? nowMs]));
    for (const [pid, seenMs] of firstSeenMs) {
      if (nowMs - seenMs < limits.mostMs) continue;
      tell(readProc(`${pid}/cmdline`).split("\0").at(-2) ?? `process ${pid}`);
      process.kill(pid, "SIGKILL");
    }
    await sleep(limits.everyMs, undefined, { signal }).catch(() => undefined);
  }
}

function childrenOf(pid: number): readonly number[] {
  return readProc(`${pid}/task/${pid}/children`).split(" ").filter((word) => word !== "").map(Number);
}

/** Empty: the process has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}
