/** The longest time that a timer of Node can count. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A time that a timer can be set to, in whole milliseconds, rounded up: `AbortSignal.timeout` refuses a part of one, and Nomad tells
 * times to the nanosecond. One beyond 24 days counts as 24 days, where Node's timers would end at once.
 */
export function toTimerMs(durationMs: number): number {
  return Math.min(Math.ceil(durationMs), longestTimerMs);
}
