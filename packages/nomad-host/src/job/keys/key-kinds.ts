import { isList, toBool, toNumber, toText } from "@driver/hcl";
import { parseDurationMs } from "./duration.ts";
import type { BlockKind, FreeKind, JobKeys, MapKind, ValueKind } from "./job-key.ts";

export const string: ValueKind<string> = { form: "argument", words: "a string", read: toText };

export const bool: ValueKind<boolean> = { form: "argument", words: "true or false", read: toBool };

export const strings: ValueKind<readonly string[]> = {
  form: "argument",
  words: "a list of strings",
  read: (value) => {
    const texts = isList(value) ? value.map(toText) : [undefined];
    return texts.every((text) => text !== undefined) ? texts : undefined;
  },
};

/** Milliseconds; nanoseconds in JSON, or text as in HCL. */
export const durationMs: ValueKind<number> = {
  form: "argument",
  words: 'a duration such as "30s" or "1h30m"',
  read: (value) => {
    const parsedMs = typeof value === "string" ? parseDurationMs(value) : undefined;
    return parsedMs !== undefined && parsedMs >= 0 ? parsedMs : undefined;
  },
  fromJson: (value) => (typeof value === "number" || typeof value === "bigint" ? `${value}ns` : value),
};

/** A whole number; `min` and `max` are allowed themselves. */
export function integer(range: { readonly min: number; readonly max?: number }): ValueKind<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = range;
  return {
    form: "argument",
    words: range.max === undefined ? `a whole number from ${min} on` : `a whole number from ${min} to ${max}`,
    read: (value) => {
      const number = toNumber(value);
      return typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
    },
  };
}

export function choice<const T extends string>(...choices: readonly T[]): ValueKind<T> {
  return { form: "argument", words: `one of ${choices.join(", ")}`, read: (value) => choices.find((candidate) => candidate === value) };
}

export const map: MapKind = { form: "map" };

export const free: FreeKind = { form: "free" };

export function block<K extends JobKeys>(keys: K, more: Omit<BlockKind<K>, "form" | "keys"> = {}): BlockKind<K> {
  return { form: "block", keys, ...more };
}
