import { setTimeout as delay } from "node:timers/promises";

/** Whether `event` settles within `limitMs`; an abort of `signal` ends the waiting at once. Never rejects. */
export async function settlesWithin(event: Promise<unknown>, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(limitMs, false, { signal: signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]) }).catch(
    () => false,
  );
  const settled = event.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([settled, late]);
  timer.abort();
  return isSettled;
}
