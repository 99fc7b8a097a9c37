/**
 * A value for the old Go dialect of msgpack. Numbers are written as Go's signed integers or floats, bigint as unsigned
 * integers, bytes and text both as raw strings.
 */
export type GoValue =
  | string
  | Uint8Array
  | number
  | bigint
  | boolean
  | null
  | readonly GoValue[]
  | { readonly [key: string]: GoValue };

/**
 * Encodes as Nomad's Go drivers encode driver state: sorted keys, and strings only in the forms that old decoders know
 * (never str8 or bin).
 */
export function encodeGoMsgpack(value: GoValue): Uint8Array<ArrayBuffer> {
  return concat(partsOf(value));
}

function partsOf(value: GoValue): Uint8Array[] {
  if (value === null) return [Uint8Array.of(0xc0)];
  if (typeof value === "boolean") return [Uint8Array.of(value ? 0xc3 : 0xc2)];
  if (typeof value === "bigint") return [unsigned(value)];
  if (typeof value === "number") return [Number.isSafeInteger(value) ? signed(value) : float(value)];
  if (typeof value === "string") return raw(new TextEncoder().encode(value));
  if (value instanceof Uint8Array) return raw(value);
  if (isList(value)) return [header(value.length, { fix: 0x90, most: 15, wide: 0xdc }), ...value.flatMap(partsOf)];
  const entries = Object.entries(value).map(([key, entry]) => ({ key: new TextEncoder().encode(key), entry }));
  entries.sort((left, right) => Buffer.compare(left.key, right.key));
  return [header(entries.length, { fix: 0x80, most: 15, wide: 0xde }), ...entries.flatMap(({ key, entry }) => [...raw(key), ...partsOf(entry)])];
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function raw(bytes: Uint8Array): Uint8Array[] {
  return [header(bytes.length, { fix: 0xa0, most: 31, wide: 0xda }), bytes];
}

/** A length inside the first byte, or after it in 16 or 32 bits. */
function header(length: number, form: { readonly fix: number; readonly most: number; readonly wide: number }): Uint8Array {
  if (length <= form.most) return Uint8Array.of(form.fix | length);
  return length <= 0xffff ? tagged(form.wide, 2, (view) => view.setUint16(1, length)) : tagged(form.wide + 1, 4, (view) => view.setUint32(1, length));
}

function signed(value: number): Uint8Array {
  if (value >= -32 && value <= 127) return Uint8Array.of(value & 0xff);
  if (value >= -0x80 && value < 0) return tagged(0xd0, 1, (view) => view.setInt8(1, value));
  if (value >= -0x8000 && value <= 0x7fff) return tagged(0xd1, 2, (view) => view.setInt16(1, value));
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return tagged(0xd2, 4, (view) => view.setInt32(1, value));
  return tagged(0xd3, 8, (view) => view.setBigInt64(1, BigInt(value)));
}

function unsigned(value: bigint): Uint8Array {
  if (value <= 0x7fn) return Uint8Array.of(Number(value));
  if (value <= 0xffn) return tagged(0xcc, 1, (view) => view.setUint8(1, Number(value)));
  if (value <= 0xffffn) return tagged(0xcd, 2, (view) => view.setUint16(1, Number(value)));
  if (value <= 0xffff_ffffn) return tagged(0xce, 4, (view) => view.setUint32(1, Number(value)));
  return tagged(0xcf, 8, (view) => view.setBigUint64(1, value));
}

function float(value: number): Uint8Array {
  return tagged(0xcb, 8, (view) => view.setFloat64(1, value));
}

function tagged(tag: number, size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(1 + size);
  bytes[0] = tag;
  write(new DataView(bytes.buffer));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
