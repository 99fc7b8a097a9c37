/** The value below which `share` (0 to 1) of the values lie, by nearest rank. @throws RangeError without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("no values were measured");
  return value;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** "40 lives, 9 to 61 ms": how many values there are and how far they scatter. */
export function describeScatter(values: readonly number[], noun: string): string {
  return `${values.length} ${noun}, ${percentile(values, 0).toFixed(0)} to ${percentile(values, 1).toFixed(0)} ms`;
}
