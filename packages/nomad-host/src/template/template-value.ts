import { toGoBytes } from "./go-bytes.ts";

/** A value of a template. A bigint is Go's `int`, a number its `float64`. Undefined is Go's `<no value>`. */
export type TemplateValue =
  | string
  | boolean
  | bigint
  | number
  | null
  | undefined
  | SizedWhole
  | readonly TemplateValue[]
  | TemplateMap
  | TemplateObject
  | TemplateChannel;

/** A whole number of another type than `int`. */
export class SizedWhole {
  readonly type: "int64" | "uint64";
  readonly value: bigint;

  /** What does not fit wraps (`go`). */
  constructor(type: "int64" | "uint64", value: bigint) {
    this.type = type;
    this.value = type === "int64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  }
}

/** Whole numbers one after the other; what was taken is gone (`go`: a channel of `int64`). */
export class TemplateChannel {
  #next: bigint;
  readonly #end: bigint;

  /** From `first` to before `end`. */
  constructor(first: bigint, end: bigint) {
    this.#next = first;
    this.#end = end;
  }

  *take(): Generator<TemplateValue> {
    while (this.#next < this.#end) {
      const value = this.#next;
      this.#next += 1n;
      yield new SizedWhole("int64", value);
    }
  }
}

/** The number that a whole one is, whatever its type. */
export function wholeOf(value: TemplateValue): bigint | undefined {
  if (value instanceof SizedWhole) return value.value;
  return typeof value === "bigint" ? value : undefined;
}

/** A map; its keys come in their order. */
export type TemplateMap = ReadonlyMap<string, TemplateValue>;

/** What Go computes, by the name that a field would have; an Error says why it cannot. */
type TemplateMethods = Readonly<Record<string, () => TemplateValue>>;

/** A value with a fixed set of fields. */
export class TemplateObject {
  /** What Go calls it, for messages. */
  readonly type: string;
  readonly fields: Readonly<Record<string, TemplateValue>>;
  /** What is printed for it; undefined: its fields. */
  readonly text: string | undefined;
  /** Its JSON; undefined: that of its fields. */
  readonly json: (() => string) | undefined;
  readonly methods: TemplateMethods;

  constructor(
    type: string,
    fields: Readonly<Record<string, TemplateValue>>,
    more: { readonly text?: string; readonly json?: () => string; readonly methods?: TemplateMethods } = {},
  ) {
    this.type = type;
    this.fields = fields;
    this.text = more.text;
    this.json = more.json;
    this.methods = more.methods ?? {};
  }
}

/** Go's nil of a type with fields, which none of them can be asked for. */
export class TemplateNil extends TemplateObject {
  /** Whether the type says how it is written as text. */
  readonly isText: boolean;

  constructor(type: string, { isText }: { readonly isText: boolean }) {
    super(type, {}, { text: "<nil>", json: () => "null" });
    this.isText = isText;
  }
}

/** A list of values of any kind, as JSON has it; Go tells it from a list of strings. */
export class AnyList extends Array<TemplateValue> {}

/** A map whose values are all of one type: what it does not have is that type's empty value (`consul-template`: missingkey=zero). */
export class UniformMap extends Map<string, TemplateValue> {
  /** What Go calls it. */
  readonly type: string;
  /** Of the whole map; one comes before a key of its name. */
  readonly methods: TemplateMethods;
  readonly #empty: TemplateValue;

  constructor(
    entries: Iterable<readonly [string, TemplateValue]>,
    { empty, type, methods = {} }: { readonly empty: TemplateValue; readonly type: string; readonly methods?: TemplateMethods },
  ) {
    super();
    this.type = type;
    this.methods = methods;
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
  return [...map].toSorted(([left], [right]) => Buffer.compare(toGoBytes(left), toGoBytes(right)));
}

/** Whether `if` takes it for true (`go`: text/template). */
export function isTrue(value: TemplateValue): boolean {
  if (isTemplateList(value)) return value.length > 0;
  if (isTemplateMap(value)) return value.size > 0;
  if (value instanceof TemplateObject || value instanceof TemplateChannel) return !(value instanceof TemplateNil);
  if (value instanceof SizedWhole) return value.value !== 0n;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== 0n && value !== "";
}

/** What Go calls the type, for messages. */
export function typeOf(value: TemplateValue): string {
  if (value === undefined || value === null) return "nil";
  if (isTemplateList(value)) return typeOfList(value);
  if (isTemplateMap(value)) return value instanceof UniformMap ? value.type : "map[string]interface {}";
  if (value instanceof TemplateObject || value instanceof SizedWhole) return value.type;
  if (value instanceof TemplateChannel) return "<-chan int64";
  if (typeof value === "bigint") return "int";
  return typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : "string";
}

function typeOfList(list: readonly TemplateValue[]): string {
  const [first] = list;
  return list instanceof AnyList ? "[]interface {}" : first instanceof TemplateObject ? `[]${first.type}` : "[]string";
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
  if (value instanceof SizedWhole) return String(value.value);
  // Go prints where it lies, which is another place each time.
  if (value instanceof TemplateChannel) return "0xc000000000";
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
