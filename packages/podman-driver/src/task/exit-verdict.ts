import type { WaitResult } from "@driver/nomad-plugin";

/** The part of Podman's inspect answer that tells whether a container has ended; conmon's record of an exit says the same. */
export interface ObservedState {
  readonly status: string;
  readonly pid: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
}

/** All that is known about a container at one moment. */
export interface ExitEvidence {
  /** Undefined: Podman knows no such container. */
  readonly state: ObservedState | undefined;
  /** When the driver started it. */
  readonly startedAt: Date;
  /** False: the host was rebooted since the task was started. */
  readonly sameBoot: boolean;
  /** False: conmon, which alone learns the exit code, is known to be gone. */
  readonly conmonAlive: boolean;
  /** True: the kernel knows the container's main process, and it has not ended. */
  readonly mainAlive: boolean;
  /** What Podman's wait call answered, if it answered at all. */
  readonly waitCode?: number | undefined;
  /** OOM kills counted in the cgroup; undefined when it could not be read. */
  readonly oomKills?: number | undefined;
  /** How many of these the task had outlived when Nomad had it stopped; undefined: nobody has, or none was counted. */
  readonly survivedOomKills?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
}

export type ExitVerdict = { readonly ended: false } | { readonly ended: true; readonly result: WaitResult };

/** Reported where nobody can know the code; any value but 0 would do, and Podman uses this one as well. */
export const unknownExitCode = -1;

const stillRunning: ExitVerdict = { ended: false };

/**
 * Decides whether a task has ended, and how. Only Podman's inspect answer and conmon's record, its source, count as the
 * truth, and a zero is reported only when they say that the container finished after it was started: after a reboot a
 * container that ran is `created` again with exit code 0, and a lost conmon leaves it `running` for ever (podman 4.3, 5.4).
 * While the kernel has its main process the container runs, be it that Podman has forgotten it.
 */
export function judgeExit(evidence: ExitEvidence): ExitVerdict {
  const { state } = evidence;
  if (evidence.mainAlive) return evidence.conmonAlive ? stillRunning : conmonLost;
  if (state === undefined) return judgeRemoved(evidence);
  if (hasStopped(state)) {
    return finishedAfterStart(state, evidence) && state.exitCode >= 0
      ? { ended: true, result: toWaitResult(state, evidence) }
      : unknown(evidence.sameBoot ? `Podman says ${state.status} but not when it finished` : "the host was rebooted");
  }
  if (!evidence.sameBoot) return unknown("the host was rebooted");
  if (!evidence.conmonAlive) return conmonLost;
  return stillRunning;
}

function judgeRemoved(evidence: ExitEvidence): ExitVerdict {
  // A wait that ends with 0 may also be Podman's answer to an error, so it proves nothing (podman 4.6 to 5.8).
  if (evidence.waitCode !== undefined && evidence.waitCode > 0) {
    const exitCode = evidence.waitCode;
    return { ended: true, result: { exitCode, signal: toSignalNumber(exitCode), oomKilled: wasOomKilled(evidence) } };
  }
  return unknown("the container was removed by someone else");
}

const conmonLost = unknown("conmon, which watches over the container, was killed");

/** Whether Podman says that no process of the container runs, or never ran. */
export function hasStopped(state: Pick<ObservedState, "status" | "pid">): boolean {
  return state.status === "exited" || state.status === "created" || (state.status === "stopped" && state.pid === 0);
}

/**
 * Podman notes the start after the OCI runtime has returned, and takes the end from the kernel's coarse clock: a task
 * that ends at once has finished some milliseconds before it started.
 */
const clockToleranceMs = 5000;

/** In the boot in which it was started a container that has ended has ended this run, whatever the clock said: it may be set back. */
function finishedAfterStart(state: ObservedState, { sameBoot, startedAt }: Pick<ExitEvidence, "sameBoot" | "startedAt">): boolean {
  if (sameBoot && state.status !== "created") return state.finishedAt !== undefined;
  return isAfterStart(state.finishedAt, state.startedAt ?? startedAt);
}

/** Whether something that was noted then belongs to the run that began at `startedAt`, and not to one before. */
export function isAfterStart(moment: Date | undefined, startedAt: Date): boolean {
  return moment !== undefined && moment.getTime() >= startedAt.getTime() - clockToleranceMs;
}

function toWaitResult(state: ObservedState, evidence: ExitEvidence): WaitResult {
  const exitCode = state.exitCode;
  const result = { exitCode, signal: toSignalNumber(exitCode) };
  if (exitCode === 0) return { ...result, oomKilled: false };
  if (wasOomKilled(evidence)) {
    return { ...result, oomKilled: true, error: `OOM killed${limitText(evidence.memoryLimitBytes)}` };
  }
  return state.error === "" ? { ...result, oomKilled: false } : { ...result, oomKilled: false, error: state.error };
}

/** A child that was killed for memory long ago is not why a task ends that Nomad stops. Podman's flag does not tell the two apart. */
function wasOomKilled({ state, oomKills = 0, survivedOomKills = 0 }: ExitEvidence): boolean {
  return oomKills > survivedOomKills || (survivedOomKills === 0 && state?.oomKilled === true);
}

function limitText(limitBytes: number | undefined): string {
  return limitBytes === undefined ? "" : `: the task went over its memory limit of ${Math.round(limitBytes / 1_048_576)} MiB`;
}

/** A shell's and conmon's convention: 128 + n stands for death by signal n. */
function toSignalNumber(exitCode: number): number {
  return exitCode > 128 && exitCode <= 128 + 64 ? exitCode - 128 : 0;
}

function unknown(reason: string): ExitVerdict {
  return { ended: true, result: loseExit(reason) };
}

/**
 * The result of a task whose process and conmon, which alone learns the code, have ended without a word, while Podman, which may
 * have learned it from conmon, has not told it for `silentMs`; `words`: what it said instead.
 */
export function loseSilentExit(silentMs: number, words = ""): WaitResult {
  const asked = `it was asked for ${silentMs / 1000} s${words && `: ${words}`}`;
  return loseExit(`the task's process and conmon, which learns it, have ended, and Podman, which may know it, does not answer: ${asked}`);
}

/** The result of a task that has ended in a way which nobody can tell. */
export function loseExit(reason: string): WaitResult {
  return { exitCode: unknownExitCode, signal: 0, oomKilled: false, error: `exit code unknown: ${reason}` };
}
