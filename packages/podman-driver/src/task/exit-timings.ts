import type { BackOffLimits } from "../back-off.ts";

/** How patient the watch for a container's end is. */
export interface ExitTimings {
  /** With hints in part Podman's own wait is the net below; each look costs the service some CPU. */
  readonly partialWaitMs: number;
  /** The net is hung up only then: many a task is over before, and many may be starting. */
  readonly partialWaitDelayMs: number;
  readonly bareWaitMs: number;
  /** Longest wait for one answer about a container. */
  readonly lookMs: number;
  /** Pauses between questions to a Podman that does not answer. */
  readonly retries: BackOffLimits;
  /** Podman may answer a wait at once for a container that runs on (conmon lost): it is not asked again before. */
  readonly waitAgainMs: number;
  /** conmon ends right after it wrote the exit code down; Podman is given this long to notice before the code counts as lost. */
  readonly conmonGraceMs: number;
  /**
   * A Podman that does not answer is asked this long when conmon and the container's process are both gone, and conmon's record
   * with them. The clean-up that conmon starts needs no service, and may have told the code to Podman, where it is
   * safe. An answer can take as long as a slow disk or a prune holds the container's lock, or an upgrade the service. To wait
   * costs little, since without Podman nobody could start the task anew, and a wrong -1 has a batch job run again
   * that had succeeded. For ever is too long: Nomad would show a dead task as running.
   */
  readonly lostGraceMs: number;
  /** conmon takes no note of the end for so long: it hangs. The kernel's word counts then, though output may be on its way. */
  readonly unburiedMs: number;
  /** The same where somebody waits for it who ends the task. */
  readonly unburiedStopMs: number;
  /** The code is known, and Podman may know whether memory was the reason: so long it is asked. */
  readonly reasonMs: number;
}

export const defaultExitTimings: ExitTimings = {
  partialWaitMs: 30_000,
  partialWaitDelayMs: 5000,
  bareWaitMs: 500,
  lookMs: 10_000,
  retries: { shortestMs: 100, longestMs: 5000 },
  waitAgainMs: 1000,
  conmonGraceMs: 1500,
  lostGraceMs: 60_000,
  unburiedMs: 10_000,
  unburiedStopMs: 2000,
  reasonMs: 800,
};
