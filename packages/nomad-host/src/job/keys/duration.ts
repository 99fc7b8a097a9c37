const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const nsInMs = 1_000_000;

/**
 * Milliseconds of a duration such as `30s` or `1h30m`, rounded; undefined when the text is none, or when its nanoseconds do not fit
 * into 64 bits (`go`: ParseDuration).
 */
export function parseDurationMs(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0;
  if (!/^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(/(\d*)\.?(\d*)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g)) {
    const ns = unitNs[unit] ?? 0n;
    sum += BigInt(whole) * ns + (BigInt(fraction) * ns) / 10n ** BigInt(fraction.length);
  }
  const signed = text.startsWith("-") ? -sum : sum;
  return BigInt.asIntN(64, signed) === signed ? toMs(signed) : undefined;
}

/** Rounded; what is more or less than nothing stays so. */
export function toMs(ns: bigint): number {
  const timeMs = Math.round(Number(ns) / nsInMs);
  return timeMs === 0 ? Number(ns > 0n) - Number(ns < 0n) : timeMs;
}
