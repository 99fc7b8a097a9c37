/** A value of a template. A whole number is a bigint, as Go tells `int` and `float64` apart. Undefined is Go's `<no value>`. */
export type TemplateValue = string | boolean | bigint | number | null | undefined | readonly TemplateValue[] | TemplateMap | TemplateObject;

/** A map; its keys come in their order. */
export type TemplateMap = ReadonlyMap<string, TemplateValue>;

/** A value with a fixed set of fields; what prints it is a text where `text` is there. */
export class TemplateObject {
  /** What Go calls it, for messages. */
  readonly type: string;
  readonly fields: Readonly<Record<string, TemplateValue>>;
  readonly text: string | undefined;

  constructor(type: string, fields: Readonly<Record<string, TemplateValue>>, text?: string) {
    this.type = type;
    this.fields = fields;
    this.text = text;
  }
}

/** A list of values of any kind, as JSON has it; Go tells it from a list of strings. */
export class AnyList extends Array<TemplateValue> {}

/** A map whose values are all of one type: what it does not have is that type's empty value (`consul-template`: missingkey=zero). */
export class UniformMap extends Map<string, TemplateValue> {
  readonly #empty: TemplateValue;

  constructor(entries: Iterable<readonly [string, TemplateValue]>, empty: TemplateValue) {
    super();
    this.#empty = empty;
    for (const [key, value] of entries) this.set(key, value);
  }

  override get(key: string): TemplateValue {
    return this.has(key) ? super.get(key) : this.#empty;
  }
}

export function isTemplateList(value: TemplateValue): value is readonly TemplateValue[] {
  return Array.isArray(value);
}

export function isTemplateMap(value: TemplateValue): value is TemplateMap {
  return value instanceof Map;
}

/** Keys in the order in which Go goes through a map: by their bytes. */
export function sortedEntries(map: TemplateMap): readonly (readonly [string, TemplateValue])[] {
  return [...map].toSorted(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}

/** Whether `if` takes it for true (`go`: text/template). */
export function isTrue(value: TemplateValue): boolean {
  if (isTemplateList(value)) return value.length > 0;
  if (isTemplateMap(value)) return value.size > 0;
  if (value instanceof TemplateObject) return true;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== 0n && value !== "";
}

/** What Go calls the type, for messages. */
export function typeOf(value: TemplateValue): string {
  if (value === undefined || value === null) return "nil";
  if (isTemplateList(value)) return "list";
  if (isTemplateMap(value)) return "map";
  if (value instanceof TemplateObject) return value.type;
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : "string";
}

/** The text that an action prints (`go`: fmt's %v). */
export function printValue(value: TemplateValue): string {
  if (value === undefined) return "<no value>";
  if (value === null) return "<nil>";
  if (isTemplateList(value)) return `[${value.map(printValue).join(" ")}]`;
  if (isTemplateMap(value))
    return `map[${sortedEntries(value)
      .map(([key, item]) => `${key}:${printValue(item)}`)
      .join(" ")}]`;
  if (value instanceof TemplateObject) return value.text ?? `{${Object.values(value.fields).map(printValue).join(" ")}}`;
  return typeof value === "number" ? printFloat(value) : String(value);
}

const plainExponents = { smallest: -5, largest: 6 };

/** Go's shortest form: with an exponent below 1e-4 and from 1e6 on. */
export function printFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power > plainExponents.smallest && power < plainExponents.largest) return plainFloat(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function plainFloat(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return Object.is(value, -0) ? "-0" : text;
  return value.toFixed(20).replace(/0+$/, "");
}
