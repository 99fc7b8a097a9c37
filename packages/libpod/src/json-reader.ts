/** A parsed JSON object whose members are still unknown. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A member of an answer has a shape that no Podman version gives. */
export class JsonShapeError extends Error {
  override readonly name = "JsonShapeError";
}

/** True for a JSON object; false for null and arrays. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object; `what` names it in the error. */
export function readObject(value: unknown, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new JsonShapeError(`${what} is ${describe(value)}, expected an object`);
}

/** The value as a list; null and absent are an empty list (Go writes a nil slice as null). */
export function readList(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new JsonShapeError(`${what} is ${describe(value)}, expected a list`);
}

function isStrings(items: readonly unknown[]): items is readonly string[] {
  return items.every((item) => typeof item === "string");
}

/** Reads the members of one object by key; absent and null members become the fallback, wrong types are errors. */
export class JsonReader {
  readonly #object: JsonObject;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    this.#object = readObject(value, what);
    this.#what = what;
  }

  has(key: string): boolean {
    return this.#object[key] !== undefined && this.#object[key] !== null;
  }

  raw(key: string): unknown {
    return this.#object[key];
  }

  /** The member must be there and not empty. */
  requiredString(key: string): string {
    const value = this.string(key);
    if (value === "") throw new JsonShapeError(`${this.#what}.${key} is missing`);
    return value;
  }

  string(key: string, fallback = ""): string {
    const value = this.#object[key];
    if (value === undefined || value === null) return fallback;
    if (typeof value === "string") return value;
    throw this.#wrong(key, "a string");
  }

  number(key: string, fallback = 0): number {
    const value = this.#object[key];
    if (value === undefined || value === null) return fallback;
    if (typeof value === "number") return value;
    throw this.#wrong(key, "a number");
  }

  boolean(key: string, fallback = false): boolean {
    const value = this.#object[key];
    if (value === undefined || value === null) return fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "a boolean");
  }

  strings(key: string): readonly string[] {
    const items = this.list(key);
    if (isStrings(items)) return items;
    throw this.#wrong(key, "a list of strings");
  }

  list(key: string): readonly unknown[] {
    return readList(this.#object[key], `${this.#what}.${key}`);
  }

  stringMap(key: string): Readonly<Record<string, string>> {
    const entries = this.entries(key).map(([name, value]): [string, string] => {
      if (typeof value === "string") return [name, value];
      throw this.#wrong(key, "a map of strings");
    });
    return Object.fromEntries(entries);
  }

  /** Members of a map; absent and null are an empty map. */
  entries(key: string): readonly (readonly [string, unknown])[] {
    const value = this.#object[key];
    if (value === undefined || value === null) return [];
    return Object.entries(readObject(value, `${this.#what}.${key}`));
  }

  /** A nested object; absent and null are an empty one. */
  nested(key: string): JsonReader {
    return new JsonReader(this.#object[key] ?? {}, `${this.#what}.${key}`);
  }

  /** A moment in RFC 3339; Go's zero time and an empty text are undefined. */
  date(key: string): Date | undefined {
    const text = this.string(key);
    if (text === "" || text.startsWith("0001-01-01T")) return undefined;
    const date = new Date(text);
    if (Number.isNaN(date.getTime())) throw this.#wrong(key, "a moment in RFC 3339");
    return date;
  }

  /** Seconds since 1970; Go's zero time (-62135596800) and 0 are undefined. */
  dateFromSeconds(key: string): Date | undefined {
    const seconds = this.number(key);
    return seconds > 0 ? new Date(seconds * 1000) : undefined;
  }

  #wrong(key: string, expected: string): JsonShapeError {
    return new JsonShapeError(`${this.#what}.${key} is ${describe(this.#object[key])}, expected ${expected}`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `${typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
