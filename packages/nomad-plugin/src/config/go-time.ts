/** From Go's year 1 to 1970. */
const yearOneToEpochSeconds = 62_135_596_800n;

/** Go's zero time: nothing was recorded. */
export function goZeroTime(): Date {
  return new Date(-Number(yearOneToEpochSeconds) * 1000);
}

/**
 * Go's binary form of a time, in UTC: version, seconds since the year 1, nanoseconds, zone. 15 bytes.
 */
export function encodeGoTime(moment: Date): Uint8Array<ArrayBuffer> {
  const seconds = Math.floor(moment.getTime() / 1000);
  const bytes = new Uint8Array(15);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setBigInt64(1, BigInt(seconds) + yearOneToEpochSeconds);
  view.setInt32(9, (moment.getTime() - seconds * 1000) * 1_000_000);
  view.setInt16(13, -1);
  return bytes;
}

/**
 * Reads Go's binary time of either version; parts of a millisecond are dropped, and the zone does not matter: the
 * seconds count in UTC.
 * @throws RangeError when the bytes are no Go time
 */
export function decodeGoTime(bytes: Uint8Array): Date {
  const version = bytes[0];
  const length = version === 1 ? 15 : version === 2 ? 16 : 0;
  if (length === 0) throw new RangeError(`a Go time of version ${version ?? "none"} is unknown`);
  if (bytes.length !== length) throw new RangeError(`a Go time of version ${version} has ${length} bytes, not ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const nanoseconds = view.getUint32(9);
  const moment = new Date(Number(view.getBigInt64(1) - yearOneToEpochSeconds) * 1000 + Math.floor(nanoseconds / 1_000_000));
  if (nanoseconds >= 1_000_000_000 || Number.isNaN(moment.getTime())) throw new RangeError("a Go time lies outside all calendars");
  return moment;
}
