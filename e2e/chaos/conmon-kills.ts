import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until, type SeededRandom } from "@driver/testing";
import type { Agent } from "./agent.ts";
import type { Verdict } from "./judge-life.ts";
import { TaskLife } from "./task-life.ts";
import type { TaskScript } from "./task-script.ts";

/** A task whose conmon is gone must be reported as failed within this. */
const reportWithinMs = 5000;

const endless: TaskScript = { kind: "stubborn", text: "while :; do sleep 0.2; done", exitCode: -1, lines: 0, farewell: "", line: () => "" };

export interface ConmonReport {
  readonly kills: number;
  readonly slowestMs: number;
  readonly verdicts: readonly Verdict[];
}

/** Kills the conmon of running tasks, of some the main process as well, and looks how soon and as what that is reported. */
export async function killConmons(
  agent: Agent,
  options: { readonly parent: string; readonly tasks: number; readonly random: SeededRandom },
): Promise<ConmonReport> {
  const lives = Array.from(
    { length: options.tasks },
    () => new TaskLife(agent, { script: endless, parent: options.parent, stopAfterMs: undefined, stopTimeoutMs: 0 }),
  );
  const living = lives.map((life) => life.live().then((report) => ({ report, endedMs: performance.now() })));
  await until(() => lives.every((life) => life.isStarted), 90_000);
  await sleep(options.random.between(0, 2000));
  const killedMs = performance.now();
  for (const life of lives) killConmonOf(life.allocId);
  const verdicts: Verdict[] = [];
  let slowestMs = 0;
  for (const { report } of await Promise.all(living)) {
    const tookMs = (report.endedWaitMs ?? Number.POSITIVE_INFINITY) - killedMs;
    slowestMs = Math.max(slowestMs, tookMs);
    const { exitCode, error } = report.result ?? { exitCode: 0, error: report.failure };
    if (exitCode === 0 || tookMs > reportWithinMs) {
      verdicts.push({
        kind: "exit code",
        text:
          `task ${report.allocId}: its conmon was killed, and after ${Math.round(tookMs)} ms ` +
          `it was reported with ${exitCode} ${error ?? ""}`,
      });
    }
  }
  return { kills: lives.length, slowestMs, verdicts };
}

function killConmonOf(allocId: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const command = readCommand(pid);
    if (/(^|\/)conmon$/.test(command[0] ?? "") && command.includes(`task-${allocId}`)) process.kill(Number(pid), "SIGKILL");
  }
}

function readCommand(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
