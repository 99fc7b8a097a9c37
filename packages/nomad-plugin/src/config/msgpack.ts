import { decodeMulti, encode, type ExtensionCodecType } from "@msgpack/msgpack";
import { isList, type HclValue } from "@driver/hcl/values";

/** A decoded value whose strings are still bytes: old Go codecs write binary data as msgpack strings. */
export type RawValue = Uint8Array | number | bigint | boolean | null | readonly RawValue[] | { readonly [key: string]: RawValue };

const noExtensions: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: (_data, type) => {
    throw new RangeError(`extension type ${type} has no meaning in a Nomad config`);
  },
};

const decodeOptions = { useBigInt64: true, extensionCodec: noExtensions, mapKeyConverter: toTextKey } as const;

/**
 * Decodes the first value in `bytes`; bytes after it are ignored, as Nomad's own codec does. Binary data is read
 * as UTF-8 text.
 * @throws on empty, truncated or malformed input and on extension types
 */
export function decodeMsgpack(bytes: Uint8Array): HclValue {
  return toHclValue(decodeFirst(bytes, false));
}

/** Like `decodeMsgpack`, with every string (map keys apart) and all binary data as bytes. */
export function decodeMsgpackRaw(bytes: Uint8Array): RawValue {
  return toRawValue(decodeFirst(bytes, true));
}

/** Encodes with sorted keys and the smallest form of each number, as Nomad encodes a config. */
export function encodeMsgpack(value: HclValue): Uint8Array<ArrayBuffer> {
  return encode(toEncodable(value), { useBigInt64: true, sortKeys: true });
}

function decodeFirst(bytes: Uint8Array, rawStrings: boolean): unknown {
  for (const value of decodeMulti(bytes, { ...decodeOptions, rawStrings })) return value;
  throw new RangeError("no bytes at all");
}

function toTextKey(key: unknown): string {
  if (typeof key === "string") return key;
  throw new RangeError(`a map key is a ${typeof key}, not a string`);
}

function toHclValue(value: unknown): HclValue {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(toHclValue);
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toHclValue(entry)]));
  return toScalar(value);
}

function toRawValue(value: unknown): RawValue {
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(toRawValue);
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toRawValue(entry)]));
  const scalar = toScalar(value);
  return typeof scalar === "string" ? new TextEncoder().encode(scalar) : scalar;
}

/** The one place where 64-bit integers become numbers again. */
function toScalar(value: unknown): string | number | bigint | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return fitsNumber(value) ? Number(value) : value;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new RangeError(`a value of type ${typeof value} has no meaning in a Nomad config`);
}

/** The encoder writes a large number as a float, so integers beyond 32 bits go to it as bigint. */
function toEncodable(value: HclValue): unknown {
  if (typeof value === "number" && Number.isSafeInteger(value) && (value > 0xffff_ffff || value < -0x8000_0000)) return BigInt(value);
  if (typeof value === "bigint" && fitsNumber(value) && value <= 0xffff_ffffn && value >= -0x8000_0000n) return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(toEncodable);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toEncodable(entry)]));
}

function fitsNumber(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
