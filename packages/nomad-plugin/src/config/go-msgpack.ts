/**
 * A value for the old Go dialect of msgpack. Numbers are written as Go's signed integers or floats, bigint as unsigned
 * integers, bytes and text both as raw strings.
 */
export type GoValue = string | Uint8Array | number | bigint | boolean | null | readonly GoValue[] | { readonly [key: string]: GoValue };

/**
 * Encodes as Nomad's Go drivers encode driver state: sorted keys, and strings only in the forms that old decoders know
 * (never str8 or bin).
 */
export function encodeGoMsgpack(value: GoValue): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writeValue(writer, value);
  return writer.toBytes();
}

function writeValue(writer: Writer, value: GoValue): void {
  if (value === null) return writer.byte(0xc0);
  if (typeof value === "boolean") return writer.byte(value ? 0xc3 : 0xc2);
  if (typeof value === "bigint") return writeUnsigned(writer, value);
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? writeSigned(writer, value) : writer.tagged(0xcb, 8, (bytes, at) => bytes.writeDoubleBE(value, at));
  if (typeof value === "string") return writeText(writer, value);
  if (value instanceof Uint8Array) return writeRaw(writer, value);
  if (isList(value)) return writeList(writer, value);
  writeMap(writer, value);
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function writeList(writer: Writer, list: readonly GoValue[]): void {
  writeHeader(writer, list.length, { fix: 0x90, most: 15, wide: 0xdc });
  for (const item of list) writeValue(writer, item);
}

function writeMap(writer: Writer, map: { readonly [key: string]: GoValue }): void {
  const keys = sortAsGo(Object.keys(map));
  writeHeader(writer, keys.length, { fix: 0x80, most: 15, wide: 0xde });
  for (const key of keys) {
    writeText(writer, key);
    writeValue(writer, map[key] ?? null);
  }
}

/** By their bytes, which for plain ASCII is how text is compared here anyway. */
function sortAsGo(keys: readonly string[]): string[] {
  const areAscii = keys.every((key) => Buffer.byteLength(key) === key.length);
  return areAscii ? keys.toSorted() : keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

const rawForm = { fix: 0xa0, most: 31, wide: 0xda };

function writeText(writer: Writer, text: string): void {
  const length = Buffer.byteLength(text);
  writeHeader(writer, length, rawForm);
  writer.append(length, (bytes, at) => bytes.write(text, at, "utf8"));
}

function writeRaw(writer: Writer, raw: Uint8Array): void {
  writeHeader(writer, raw.length, rawForm);
  writer.append(raw.length, (bytes, at) => bytes.set(raw, at));
}

/** A length inside the first byte, or after it in 16 or 32 bits. */
function writeHeader(writer: Writer, length: number, form: { readonly fix: number; readonly most: number; readonly wide: number }): void {
  if (length <= form.most) return writer.byte(form.fix | length);
  if (length <= 0xffff) return writer.tagged(form.wide, 2, (bytes, at) => bytes.writeUInt16BE(length, at));
  writer.tagged(form.wide + 1, 4, (bytes, at) => bytes.writeUInt32BE(length, at));
}

function writeSigned(writer: Writer, value: number): void {
  if (value >= -32 && value <= 127) return writer.byte(value & 0xff);
  if (value >= -0x80 && value < 0) return writer.tagged(0xd0, 1, (bytes, at) => bytes.writeInt8(value, at));
  if (value >= -0x8000 && value <= 0x7fff) return writer.tagged(0xd1, 2, (bytes, at) => bytes.writeInt16BE(value, at));
  if (value >= -0x8000_0000 && value <= 0x7fff_ffff) return writer.tagged(0xd2, 4, (bytes, at) => bytes.writeInt32BE(value, at));
  writer.tagged(0xd3, 8, (bytes, at) => bytes.writeBigInt64BE(BigInt(value), at));
}

function writeUnsigned(writer: Writer, value: bigint): void {
  if (value <= 0x7fn) return writer.byte(Number(value));
  if (value <= 0xffn) return writer.tagged(0xcc, 1, (bytes, at) => bytes.writeUInt8(Number(value), at));
  if (value <= 0xffffn) return writer.tagged(0xcd, 2, (bytes, at) => bytes.writeUInt16BE(Number(value), at));
  if (value <= 0xffff_ffffn) return writer.tagged(0xce, 4, (bytes, at) => bytes.writeUInt32BE(Number(value), at));
  writer.tagged(0xcf, 8, (bytes, at) => bytes.writeBigUInt64BE(value, at));
}

/** One buffer that grows: a task's state has some two hundred parts, and 20 tasks may start at once. */
class Writer {
  #bytes = Buffer.alloc(2048);
  #length = 0;

  byte(value: number): void {
    const at = this.#claim(1);
    this.#bytes[at] = value;
  }

  tagged(tag: number, length: number, write: (bytes: Buffer, at: number) => void): void {
    this.byte(tag);
    this.append(length, write);
  }

  append(length: number, write: (bytes: Buffer, at: number) => void): void {
    const at = this.#claim(length);
    write(this.#bytes, at);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** Where the next `length` bytes go. */
  #claim(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], Math.max(this.#length, 2 * this.#bytes.length));
    return at;
  }
}
