import { DriverError } from "../driver-error.ts";
import type { Spec } from "../hclspec.ts";
import { isList, isRecord, type HclRecord, type HclValue } from "@driver/hcl/values";
import {
  asksForSomething,
  factsRow,
  misfit,
  missingKey,
  type ConfigOption,
  type OptionDoc,
  type OptionFacts,
  type SeeOption,
} from "./config-option.ts";
import { toLiteralSource } from "@driver/hcl/values";
import { decodeNumber, type NumberFormat } from "./number-format.ts";

/** The element types a list or map can be declared with. */
export interface ElementTypes {
  readonly string: string;
  readonly bool: boolean;
  readonly number: number;
}
export type ElementType = keyof ElementTypes;

export interface AttrFacts<T> extends OptionFacts {
  /** The job must set it. A required attribute has no default. */
  readonly required?: true;
  /** Sent to Nomad in the schema, and used when a host leaves the key out. */
  readonly default?: T;
}

export interface StringFacts extends AttrFacts<string> {
  /** The value never appears in a message, a log or the driver state. */
  readonly secret?: true;
  /** The only values allowed. */
  readonly oneOf?: readonly string[];
}

export interface NumberFacts extends AttrFacts<number> {
  /** Default `int64`. */
  readonly format?: NumberFormat;
}

/** A value with a default, or required, is always there. */
export type Present<T, F> = F extends { readonly required: true } | { readonly default: unknown } ? T : T | undefined;
type Choice<F> = F extends { readonly oneOf: readonly (infer V extends string)[] } ? V : string;

export interface MapFacts extends OptionFacts {
  /** Values may be secrets: they never appear in the driver state. */
  readonly secret?: true;
}

interface Codec<T> {
  readonly type: string;
  decode(value: HclValue, path: string): T;
  encode(value: T): HclValue | undefined;
}

/**
 * Attributes of a config. Scalars that are not set, or an empty text, decode to their default or to undefined, lists and maps to empty
 * ones. What a value may look like on the wire follows Nomad's Go drivers: null means not set, 0 and 1 pass for a
 * bool, and nothing else is converted.
 */
export const attr = {
  string<const F extends StringFacts>(facts: F): ConfigOption<Present<Choice<F>, F>> {
    return scalar<Choice<F>, F>(facts, {
      type: "string",
      decode: (value, path) => decodeString(value, path, facts) as Choice<F>,
      encode: (value) => (facts.secret === true ? undefined : value),
    });
  },
  bool<const F extends AttrFacts<boolean>>(facts: F): ConfigOption<Present<boolean, F>> {
    return scalar<boolean, F>(facts, { type: "bool", decode: decodeBool, encode: (value) => value });
  },
  number<const F extends NumberFacts>(facts: F): ConfigOption<Present<number, F>> {
    const format = facts.format ?? "int64";
    return scalar<number, F>(facts, {
      type: "number",
      decode: (value, path) => decodeNumber(value, format, path),
      encode: (value) => value,
    });
  },
  /** A value of any type, for options that take more than one. */
  any(facts: OptionFacts): ConfigOption<HclValue | undefined> {
    return scalar<HclValue, OptionFacts>(facts, { type: "any", decode: (value) => value, encode: (value) => value });
  },
  list<E extends ElementType>(element: E, facts: OptionFacts): ConfigOption<readonly ElementTypes[E][]> {
    return collection<readonly ElementTypes[E][]>(facts, {
      type: `list(${element})`,
      decode: (value, path) => decodeList(value, path).map((entry, index) => decodeElement(entry, element, `${path}[${index}]`)),
      encode: (value) => (value.length === 0 ? null : value),
    });
  },
  map<E extends ElementType>(element: E, facts: OptionFacts): ConfigOption<Readonly<Record<string, ElementTypes[E]>>> {
    return collection<Readonly<Record<string, ElementTypes[E]>>>(facts, {
      type: `map(${element})`,
      decode: (value, path) => decodeRecord(value, element, path),
      encode: toRecordOrNull,
    });
  },
};

/**
 * Nomad's way to take `labels { a = "b" }`, repeated blocks and `labels = { a = "b" }` alike: a list of maps, merged
 * from left to right.
 */
export function mapAttr<E extends ElementType>(element: E, facts: MapFacts): ConfigOption<Readonly<Record<string, ElementTypes[E]>>> {
  return collection<Readonly<Record<string, ElementTypes[E]>>>(facts, {
    type: `list(map(${element}))`,
    decode: (value, path) => mergeMaps(decodeMapList(value, path), element, path),
    encode: (value) => (Object.keys(value).length === 0 ? null : [value]),
  });
}

/** Decodes a map whose values all have one type; a null value becomes that type's zero. */
export function decodeRecord<E extends ElementType>(value: HclValue, element: E, path: string): Readonly<Record<string, ElementTypes[E]>> {
  if (!isRecord(value)) throw misfit(path, value, "must be a map");
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, decodeElement(entry, element, `${path}.${key}`)]));
}

export function toRecordOrNull(value: HclRecord): HclValue {
  return Object.keys(value).length === 0 ? null : value;
}

function scalar<T, F extends AttrFacts<unknown>>(facts: F, codec: Codec<T>): ConfigOption<Present<T, F>> {
  return {
    spec: (name) => attrSpec(name, codec.type, facts),
    decodeValue(value, path) {
      // Go drivers take an empty text for one that is not set, and what generates configs relies on it.
      if (value !== undefined && value !== null && value !== "") return codec.decode(value, path);
      if (facts.required === true) throw new DriverError("config-invalid", missingKey(path), { configKey: path });
      return facts.default as Present<T, F>;
    },
    toValue: (value) => (value === undefined ? null : codec.encode(value)),
    visit: (value, path, see) => visitPlain(value, path, { facts, see }),
    docs: (path) => [docRow(path, codec.type, facts)],
  };
}

function collection<T>(facts: MapFacts, codec: Codec<T>): ConfigOption<T> {
  const empty = codec.type.startsWith("list(") && !codec.type.startsWith("list(map(") ? [] : {};
  return {
    spec: (name) => attrSpec(name, codec.type, facts),
    decodeValue: (value, path) => (value === undefined || value === null ? (empty as T) : codec.decode(value, path)),
    toValue: (value) => (facts.secret === true ? undefined : codec.encode(value)),
    visit: (value, path, see) => visitPlain(value, path, { facts, see }),
    docs: (path) => [docRow(path, codec.type, facts)],
  };
}

interface VisitedAttr {
  readonly facts: AttrFacts<unknown> & { readonly secret?: true };
  readonly see: SeeOption;
}

function visitPlain(value: unknown, path: string, { facts, see }: VisitedAttr): void {
  if (asksForSomething(value) && value !== facts.default) see(path, facts, facts.secret === true ? undefined : value);
}

function attrSpec(name: string, type: string, facts: AttrFacts<unknown>): Spec {
  const primary: Spec = { kind: "attr", name, type, required: facts.required === true };
  const source = defaultSource(facts);
  return source === undefined ? primary : { kind: "default", primary, fallback: { kind: "literal", value: source } };
}

function docRow(path: string, type: string, facts: AttrFacts<unknown>): OptionDoc {
  return { path, type, default: defaultSource(facts), required: facts.required === true, ...factsRow(facts) };
}

function defaultSource(facts: AttrFacts<unknown>): string | undefined {
  return facts.default === undefined ? undefined : toLiteralSource(facts.default as HclValue);
}

function decodeString(value: HclValue, path: string, facts: StringFacts): string {
  if (typeof value !== "string") throw facts.secret === true ? secretMisfit(path) : misfit(path, value, "must be a string");
  if (facts.oneOf === undefined || facts.oneOf.includes(value)) return value;
  throw misfit(path, value, `must be one of ${facts.oneOf.map((choice) => JSON.stringify(choice)).join(", ")}`);
}

function secretMisfit(path: string): DriverError {
  return new DriverError("config-invalid", `config key ${path}: the value (not shown) must be a string`, { configKey: path });
}

function decodeBool(value: HclValue, path: string): boolean {
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1;
  throw misfit(path, value, "must be true or false");
}

function decodeList(value: HclValue, path: string): readonly HclValue[] {
  if (isList(value)) return value;
  throw misfit(path, value, "must be a list");
}

function decodeMapList(value: HclValue, path: string): readonly HclValue[] {
  if (isList(value)) return value;
  throw misfit(path, value, "must be a list of maps");
}

function mergeMaps<E extends ElementType>(maps: readonly HclValue[], element: E, path: string): Readonly<Record<string, ElementTypes[E]>> {
  const given = maps.filter((map) => map !== null);
  return Object.assign({}, ...given.map((map) => decodeRecord(map, element, path))) as Readonly<Record<string, ElementTypes[E]>>;
}

function decodeElement<E extends ElementType>(value: HclValue, element: E, path: string): ElementTypes[E] {
  const zeroes: ElementTypes = { string: "", bool: false, number: 0 };
  if (value === null) return zeroes[element];
  const decoders: { readonly [K in ElementType]: () => ElementTypes[K] } = {
    string: () => decodeString(value, path, { help: "" }),
    bool: () => decodeBool(value, path),
    number: () => decodeNumber(value, "int64", path),
  };
  return decoders[element]();
}
