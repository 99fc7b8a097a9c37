import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

/** Seconds from the epoch to Go's zero time, 0001-01-01T00:00:00Z. */
const goZeroSeconds = -62_135_596_800n;
const nanosPerSecond = 1_000_000_000n;

/** What a message needs of a timestamp or duration. */
export interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Go's zero time for undefined: agents fail on a timestamp that is not there. */
export function toTimestamp(date: Date | undefined): Moment {
  const ms = date === undefined ? Number.NaN : date.getTime();
  return Number.isNaN(ms) ? { seconds: goZeroSeconds, nanos: 0 } : toTimestampFromNs(BigInt(ms) * 1_000_000n);
}

/** Nanoseconds since the epoch as a timestamp. */
export function toTimestampFromNs(timestampNs: bigint): Moment {
  const nanos = ((timestampNs % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  return { seconds: (timestampNs - nanos) / nanosPerSecond, nanos: Number(nanos) };
}

/** Undefined for an absent or zero time; below a millisecond is cut. */
export function fromTimestamp(timestamp: Timestamp | undefined): Date | undefined {
  if (timestamp === undefined || timestamp.seconds === goZeroSeconds) return undefined;
  return new Date(Number(timestamp.seconds) * 1_000 + Math.floor(timestamp.nanos / 1_000_000));
}

/** Nanoseconds since the epoch; 0 for an absent time. */
export function fromTimestampToNs(timestamp: Timestamp | undefined): bigint {
  return timestamp === undefined ? 0n : timestamp.seconds * nanosPerSecond + BigInt(timestamp.nanos);
}

/** Milliseconds as a duration; fractions of a millisecond are kept down to the nanosecond. */
export function toDuration(ms: number): Moment {
  const ns = BigInt(Math.round((Number.isFinite(ms) ? Math.max(0, ms) : 0) * 1_000_000));
  return { seconds: ns / nanosPerSecond, nanos: Number(ns % nanosPerSecond) };
}

/** Milliseconds, not below zero; 0 for an absent duration. */
export function fromDuration(duration: Duration | undefined): number {
  if (duration === undefined) return 0;
  return Math.max(0, Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000);
}
