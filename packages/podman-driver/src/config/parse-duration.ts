import { toRefusal } from "./report.ts";

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

/**
 * A duration as Go writes it (`5m`, `1h30m`, `1.5s`, `0`), in whole milliseconds, rounded up.
 * @param key the config key it stands under, for the message
 * @throws DriverError `config-invalid` also for negative durations: no option has a use for one
 */
export function parseDurationMs(text: string, key: string): number {
  if (/^\+?0$/.test(text)) return 0;
  const unsigned = text.replace(/^\+/, "");
  const parts = [...unsigned.matchAll(part)];
  const isComplete = parts.length > 0 && parts.map(([whole]) => whole).join("") === unsigned;
  const durationMs = parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (unitMs[unit] ?? NaN), 0);
  // Sums of decimal fractions may end a hair above the whole millisecond that was meant.
  if (isComplete && Number.isSafeInteger(Math.ceil(durationMs))) return Math.ceil(Number(durationMs.toPrecision(15)));
  throw toRefusal({ key, value: text, problem: "is not a duration", remedy: "write a number with its unit, e.g. 90s, 5m or 1h30m" });
}
