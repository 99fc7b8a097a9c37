import { toRefusal } from "./report.ts";

const size = /^(\d+(?:\.\d+)?) ?(?:([bkmgt])(?:i?b)?)?$/i;
const exponents = ["b", "k", "m", "g", "t"];

export interface MemorySizeOptions {
  /** The config key it stands under, for the message. */
  readonly key: string;
  /** Whether -1 means: no limit. */
  readonly allowUnlimited?: boolean;
}

/**
 * A size as Podman takes it, in bytes: a number with one of the units b, k, m, g, t (upper or lower case, `mb` and `mib`
 * are the same, multiples of 1024), without a unit in bytes. -1 where it is allowed.
 * @throws DriverError `config-invalid`
 */
export function parseMemorySize(text: string, { key, allowUnlimited = false }: MemorySizeOptions): number {
  if (allowUnlimited && text === "-1") return -1;
  const bytes = readMemorySize(text);
  if (bytes !== undefined) return bytes;
  const unlimited = allowUnlimited ? ", or -1 for no limit" : "";
  throw toRefusal({ key, value: text, problem: "is not a size", remedy: `write a number with a unit, e.g. 64m or 1.5g${unlimited}` });
}

/** The same for a size that is a part of a value; undefined: it is none. */
export function readMemorySize(text: string): number | undefined {
  const [, amount = "", unit = "b"] = size.exec(text) ?? [];
  const bytes = amount === "" ? NaN : Math.floor(Number(amount) * 1024 ** exponents.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
