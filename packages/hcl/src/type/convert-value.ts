import { compareText, describeValue, isList, isRecord, type HclRecord, type HclValue } from "../value/hcl-value.ts";
import { toBool, toNumber, toText } from "../value/scalar.ts";
import { unifyValues } from "../value/unify-values.ts";
import { describeType, type ValueType } from "./value-type.ts";

/**
 * Makes the error of a value that does not fit. `problem` goes on where the value's name stopped, as in `must be a
 * number, not "x"`; `path` leads to the part that is meant, as in `[0].name`, and is empty for the value itself.
 */
export type RefuseValue = (problem: string, path: string) => Error;

/**
 * Converts a value to a type as HCL does: text that is a number or bool passes for one and the other way round, null
 * passes everywhere, what an object has beyond its type is dropped (`cty`: convert.Convert). Throws what `refuse` makes.
 */
export function convertValue(value: HclValue, type: ValueType, refuse: RefuseValue): HclValue {
  return convert(value, type, { path: "", refuse });
}

interface Site {
  readonly path: string;
  readonly refuse: RefuseValue;
}

function convert(value: HclValue, type: ValueType, site: Site): HclValue {
  if (value === null) return null;
  switch (type.kind) {
    case "any":
      return value;
    case "string":
      return toText(value) ?? misfit(value, type, site);
    case "bool":
      return toBool(value) ?? misfit(value, type, site);
    case "number":
      return toNumber(value) ?? misfit(value, type, site);
    case "list":
    case "set":
      return convertList(value, type, site);
    case "map":
      return convertMap(value, type, site);
    case "tuple":
      return convertTuple(value, type, site);
    case "object":
      return convertObject(value, type, site);
  }
}

type CollectionType = Extract<ValueType, { readonly element: ValueType }>;

function convertList(value: HclValue, type: CollectionType, site: Site): HclValue {
  if (!isList(value)) return misfit(value, type, site);
  const elements = value.map((element, index) => convert(element, type.element, within(site, `[${index}]`)));
  const unified = hasAny(type.element) ? unify(elements, type, site) : elements;
  return type.kind === "set" ? sortedSet(unified) : unified;
}

function convertMap(value: HclValue, type: CollectionType, site: Site): HclValue {
  if (!isRecord(value)) return misfit(value, type, site);
  const keys = Object.keys(value);
  const elements = keys.map((key) => convert(value[key] ?? null, type.element, within(site, `.${key}`)));
  const unified = hasAny(type.element) ? unify(elements, type, site) : elements;
  return Object.fromEntries(keys.map((key, index) => [key, unified[index] ?? null]));
}

function convertTuple(value: HclValue, type: Extract<ValueType, { kind: "tuple" }>, site: Site): HclValue {
  if (!isList(value) || value.length !== type.elements.length) return misfit(value, type, site);
  return type.elements.map((element, index) => convert(value[index] ?? null, element, within(site, `[${index}]`)));
}

function convertObject(value: HclValue, type: Extract<ValueType, { kind: "object" }>, site: Site): HclRecord {
  if (!isRecord(value)) return misfit(value, type, site);
  const names = Object.keys(type.attributes);
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw site.refuse(`lacks ${missing}; it must be ${describeType(type)}`, site.path);
  return Object.fromEntries(
    Object.entries(type.attributes).map(([name, element]) => [name, convert(value[name] ?? null, element, within(site, `.${name}`))]),
  );
}

/** Whether values of the type can differ in type, so that a list or map of them must be unified. */
function hasAny(type: ValueType): boolean {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
      return hasAny(type.element);
    case "tuple":
      return type.elements.some(hasAny);
    case "object":
      return Object.values(type.attributes).some(hasAny);
    default:
      return type.kind === "any";
  }
}

function unify(values: readonly HclValue[], type: ValueType, site: Site): readonly HclValue[] {
  const unified = unifyValues(values);
  if (unified === undefined) throw site.refuse(`is ${describeType(type)}, so all its values must have one type`, site.path);
  return unified;
}

/** Numbers, bools and text in their order, null last, duplicates removed. Lists and maps keep the order they have. */
function sortedSet(values: readonly HclValue[]): HclValue[] {
  return [...new Map(values.map((value) => [identityOf(value), value])).values()].sort(compareValues);
}

/** A text that is the same for equal values and different for others. */
function identityOf(value: HclValue): string {
  if (isList(value)) return `[${value.map(identityOf).join(",")}]`;
  if (typeof value === "bigint" || typeof value === "number") return `#${value}`;
  if (!isRecord(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${identityOf(value[key] ?? null)}`).join(",")}}`;
}

function compareValues(left: HclValue, right: HclValue): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === "object" || typeof right === "object") return 0;
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  const [first, second] = [Number(left), Number(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function within(site: Site, step: string): Site {
  return { ...site, path: `${site.path}${step}` };
}

function misfit(value: HclValue, type: ValueType, site: Site): never {
  throw site.refuse(`must be ${describeType(type)}, not ${describeValue(value)}`, site.path);
}
