const units = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A time span for people: `250ms`, `1.5s`, `15s`, `1h30m`. From ten seconds on it is rounded to seconds. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 10_000) return `${Math.round(durationMs / 100) / 10}s`;
  let rest = Math.round(durationMs / 1_000) * 1_000;
  let text = "";
  for (const [unit, sizeMs] of units) {
    const count = Math.floor(rest / sizeMs);
    rest -= count * sizeMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}
