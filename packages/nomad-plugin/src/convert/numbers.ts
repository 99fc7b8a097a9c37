/** The number, or 0 for NaN and infinities, which would break the agent's JSON. */
export function toFinite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/** The nearest int32; protobuf refuses anything else. */
export function toInt32(value: number): number {
  return Math.trunc(Math.min(2_147_483_647, Math.max(-2_147_483_648, toFinite(value))));
}

/** The nearest uint32. */
export function toUint32(value: number): number {
  return Math.trunc(Math.min(4_294_967_295, Math.max(0, toFinite(value))));
}

/** The nearest int64. */
export function toInt64(value: number): bigint {
  const whole = BigInt(Math.trunc(toFinite(value)));
  const limit = 2n ** 63n;
  if (whole >= limit) return limit - 1n;
  return whole < -limit ? -limit : whole;
}

/** The nearest uint64. */
export function toUint64(value: number): bigint {
  const whole = BigInt(Math.trunc(Math.max(0, toFinite(value))));
  return whole >= 2n ** 64n ? 2n ** 64n - 1n : whole;
}
