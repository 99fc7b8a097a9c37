import { isList, toBool, toNumber, toText } from "@driver/hcl";
import { parseDurationMs, toMs } from "./duration.ts";
import type { BlockKind, FreeKind, JobKeys, MapKind, ValueKind } from "./job-key.ts";

export const string: ValueKind<string> = { form: "argument", words: "a string", json: "string", read: toText };

export const bool: ValueKind<boolean> = { form: "argument", words: "true or false", json: "bool", read: toBool };

export const strings: ValueKind<readonly string[]> = {
  form: "argument",
  words: "a list of strings",
  json: "strings",
  read: (value) => {
    const texts = isList(value) ? value.map(toText) : [undefined];
    return texts.every((text) => text !== undefined) ? texts : undefined;
  },
};

export const number: ValueKind<number> = {
  form: "argument",
  words: "a number",
  json: "whole",
  read: (value) => {
    const read = toNumber(value);
    return read === undefined ? undefined : Number(read);
  },
};

/** The same where null is no value: the field cannot be unset in Nomad. */
export function notNull<T>(kind: ValueKind<T>): ValueKind<T> {
  return { ...kind, refusesNull: true };
}

export const text = notNull(string);

export const flag = notNull(bool);

/** Milliseconds, which may be negative; a number is nanoseconds (`nomad`). */
export const durationMs: ValueKind<number> = {
  form: "argument",
  words: 'a duration such as "30s" or "1h30m"',
  json: "nanoseconds",
  refusesNull: true,
  read: (value) => {
    if (typeof value === "string") return parseDurationMs(value);
    const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    if (!isWhole || BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) return undefined;
    return toMs(BigInt(value));
  },
};

/** A whole number; `min` and `max` are allowed themselves. */
export function integer(range: { readonly min?: number; readonly max?: number } = {}): ValueKind<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range;
  return {
    form: "argument",
    words: `a whole number${describeRange(range)}`,
    json: "whole",
    read: (value) => {
      const number = toNumber(value);
      return typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
    },
  };
}

function describeRange({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min === undefined) return max === undefined ? "" : ` up to ${max}`;
  return max === undefined ? ` from ${min} on` : ` from ${min} to ${max}`;
}

export function choice<const T extends string>(...choices: readonly T[]): ValueKind<T> {
  const words = `one of ${choices.filter((candidate) => candidate !== "").join(", ")}`;
  return { form: "argument", words, json: "string", read: (value) => choices.find((candidate) => candidate === value) };
}

export const map: MapKind = { form: "map" };

/** A map that must be written as a block. */
export const blockMap: MapKind = { form: "map", isBlockOnly: true };

export const free: FreeKind = { form: "free" };

/** Lists of strings by their names. */
export const stringLists: FreeKind = { form: "free", json: "text lists" };

export function block<K extends JobKeys>(keys: K, more: Omit<BlockKind<K>, "form" | "keys"> = {}): BlockKind<K> {
  return { form: "block", keys, ...more };
}
