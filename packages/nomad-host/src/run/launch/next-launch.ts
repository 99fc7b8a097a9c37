import { Cron } from "croner";

import { normalizeCron } from "../../job/cron/normalize-cron.ts";
import type { PeriodicLaunch } from "../../job/job.ts";
import { WallClock } from "./wall-clock.ts";

/** The first time after `from` at which the job is launched; undefined: never again. */
export function nextLaunch({ crons, timeZone }: Pick<PeriodicLaunch, "crons" | "timeZone">, from: Date): Date | undefined {
  const clock = new WallClock(timeZone);
  const times = crons.flatMap((expression) => {
    const normalized = normalizeCron(expression);
    if ("problem" in normalized) throw new Error(`cron expression ${expression} was not checked: it ${normalized.problem}`);
    const next = nextTime(new Cron(normalized.pattern, { timezone: "UTC", mode: "7-part" }), { clock, fromMs: from.getTime() });
    return next === undefined ? [] : [next];
  });
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/**
 * The expression is about the clock on the wall. Where that is put forward, what it leaves out does not happen; where it is put
 * back, what it shows twice happens twice (`hashicorp/cronexpr`).
 */
function nextTime(cron: Cron, { clock, fromMs }: { readonly clock: WallClock; readonly fromMs: number }): number | undefined {
  for (let wall = cron.nextRun(new Date(clock.wallOf(fromMs))); wall !== null; wall = cron.nextRun(wall)) {
    const found = clock.instantsOf(wall.getTime()).find((instant) => instant > fromMs);
    if (found !== undefined) return Math.min(found, nextAfterPutBack(cron, { clock, fromMs, toMs: found }) ?? found);
  }
  return undefined;
}

/** What the wall shows for a second time before `toMs`, since its clock was put back in between. */
function nextAfterPutBack(
  cron: Cron,
  { clock, fromMs, toMs }: { readonly clock: WallClock; readonly fromMs: number; readonly toMs: number },
): number | undefined {
  const putBackMs = clock.firstPutBack(fromMs, toMs);
  if (putBackMs === undefined) return undefined;
  const wall = cron.nextRun(new Date(clock.wallOf(putBackMs) - 1000));
  return wall === null ? undefined : clock.instantsOf(wall.getTime()).find((instant) => instant >= putBackMs);
}
