import { setTimeout as delay } from "node:timers/promises";

import { toTimerMs } from "@driver/std";
import type { Job, PeriodicLaunch } from "../../job/job.ts";
import { chooseExitCode } from "../lifecycle/task-outcome.ts";
import type { TaskOutcome } from "../lifecycle/task-outcome.ts";
import { RunError } from "../run-error.ts";
import { runJob } from "../run-job.ts";
import type { RunJobOptions, RunResult } from "../run-job.ts";
import { dispatchJob, noDispatch, periodicJob } from "./derive-job.ts";
import type { Dispatch } from "./derive-job.ts";
import { nextLaunch } from "./next-launch.ts";

export interface LaunchOptions extends RunJobOptions {
  /** For a parameterized job; default: nothing is given to it. */
  readonly dispatch?: Dispatch | undefined;
  /** True: a periodic job runs once, at once. */
  readonly isLaunchedNow?: boolean | undefined;
}

/**
 * Runs a job as a server would launch it: a parameterized one is dispatched, and a periodic one launched at each of its times
 * until `signal` fires or there is none any more. Settles and rejects as `runJob` does; what fails in one launch lets the
 * next ones be, but a launch that cannot run ends all.
 */
export async function launchJob(job: Job, options: LaunchOptions): Promise<RunResult> {
  const dispatched = dispatchJob(job, options.dispatch ?? noDispatch, new Date());
  const { periodic } = dispatched;
  if (periodic === undefined) return runJob(dispatched, options);
  if (options.isLaunchedNow === true) return runJob(periodicJob(dispatched, new Date()), options);
  if (!periodic.isEnabled) {
    const message = "periodic: enabled is false, so no time comes; -now runs the job once";
    throw new RunError("job-invalid", message, { position: periodic.position });
  }
  return runPeriodic({ job: dispatched, periodic }, options);
}

async function runPeriodic(
  { job, periodic }: { readonly job: Job; readonly periodic: PeriodicLaunch },
  options: LaunchOptions,
): Promise<RunResult> {
  const { on, signal } = options;
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const running = new Set<Promise<void>>();
  const tasks: TaskOutcome[] = [];
  let isFirst = true;
  const launch = async (launched: Job): Promise<void> => {
    try {
      tasks.push(...(await runJob(launched, { ...options, signal: stop })).tasks);
    } catch (error) {
      // What is cut off by a stop is no failure of its own.
      if (!stop.aborted) failure.abort(error);
    }
  };
  let next = nextLaunch(periodic, new Date());
  while (next !== undefined) {
    await on({ kind: "periodic-waiting", at: next });
    await waitUntil(next, stop);
    if (stop.aborted) break;
    if (periodic.prohibitsOverlap && running.size > 0) {
      await on({ kind: "note", message: "the launch is left out: an earlier one runs still, and prohibit_overlap is set" });
    } else {
      // Its notes are told once.
      const launched = { ...periodicJob(job, next), notes: isFirst ? job.notes : [] };
      isFirst = false;
      await on({ kind: "periodic-launch", jobId: launched.id });
      const ended = launch(launched).finally(() => running.delete(ended));
      running.add(ended);
    }
    next = nextLaunch(periodic, next);
  }
  await Promise.all(running);
  if (failure.signal.aborted) throw failure.signal.reason;
  return { exitCode: chooseExitCode(tasks, signal.aborted), tasks };
}

/** Waits by the clock of the day, which may be set meanwhile; settles early when `signal` fires. */
async function waitUntil(at: Date, signal: AbortSignal): Promise<void> {
  for (let leftMs = at.getTime() - Date.now(); leftMs > 0 && !signal.aborted; leftMs = at.getTime() - Date.now()) {
    await delay(toTimerMs(leftMs), undefined, { signal }).catch(() => undefined);
  }
}
