/** A value as HCL, JSON and msgpack all know it. Integers beyond ±(2^53-1) are bigint, all others number. */
export type HclValue = string | number | bigint | boolean | null | readonly HclValue[] | { readonly [key: string]: HclValue };

export type HclRecord = { readonly [key: string]: HclValue };

export type HclList = readonly HclValue[];

export function isList(value: HclValue): value is HclList {
  return Array.isArray(value);
}

export function isRecord(value: HclValue): value is HclRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isNumber(value: HclValue): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** A value's kind with its article, for messages. */
export function describeKind(value: HclValue): string {
  if (value === null) return "null";
  if (isList(value)) return "a list";
  if (isRecord(value)) return "a map";
  return isNumber(value) ? "a number" : typeof value === "string" ? "a string" : "a bool";
}

/** A value as messages show it: scalars themselves, of lists and maps the kind. */
export function describeValue(value: HclValue): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return value === null || typeof value === "object" ? describeKind(value) : String(value);
}

/** Keys in the order HCL goes through a map: by their bytes. */
export function sortedKeys(record: HclRecord): readonly string[] {
  return Object.keys(record).sort(compareText);
}

/** Order of two texts by their UTF-8 bytes. */
export function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** An integer as number where that is exact, as bigint beyond. */
export function normalizeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The same value with every text in it, and every key of a map, converted. */
export function mapTexts(value: HclValue, convert: (text: string) => string): HclValue {
  if (typeof value === "string") return convert(value);
  if (isList(value)) return value.map((item) => mapTexts(item, convert));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [convert(key), mapTexts(item, convert)]));
}

/** The same value with every text in it composed (Unicode's NFC), as all texts of the language are (`cty`: StringVal). */
export function composeTexts(value: HclValue): HclValue {
  if (typeof value === "string") return value.normalize("NFC");
  return isComposed(value) ? value : mapTexts(value, (text) => text.normalize("NFC"));
}

function isComposed(value: HclValue): boolean {
  if (typeof value === "string") return value === value.normalize("NFC");
  if (isList(value)) return value.every(isComposed);
  return !isRecord(value) || Object.entries(value).every(([key, item]) => isComposed(key) && isComposed(item));
}

/** Deep equality; values of different kinds differ. */
export function equalValues(left: HclValue, right: HclValue): boolean {
  if (isList(left) && isList(right))
    return left.length === right.length && left.every((item, index) => equalValues(item, right[index] ?? null));
  if (isRecord(left) && isRecord(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equalValues(left[key] ?? null, right[key] ?? null))
    );
  }
  return left === right;
}
