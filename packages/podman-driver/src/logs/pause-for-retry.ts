import type { BackOff } from "../back-off.ts";

/** When a pause is over before its time. */
export interface LogEnds {
  /** Fires when the collection is to end. */
  readonly stop: AbortSignal;
  /** Fires when the container has ended: its last output is waited for, so that the next try comes soon, and so do all later ones. */
  readonly ending: AbortSignal;
}

/** Settles after the pause, and early when the container ends. Rejects with the reason of `stop`. */
export async function pauseForRetry(backOff: BackOff, { stop, ending }: LogEnds): Promise<void> {
  if (ending.aborted) {
    backOff.reset();
    await backOff.pause(stop);
  } else await backOff.pause(AbortSignal.any([stop, ending])).catch(() => stop.throwIfAborted());
}
