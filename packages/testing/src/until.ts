import { setTimeout as sleep } from "node:timers/promises";

/** Settles when `condition` holds; rejects after `timeoutMs` (default 60 s, enough for a machine that is busy) with what was waited for. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`this did not come true within ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(10);
  }
}
