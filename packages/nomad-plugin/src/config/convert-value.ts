import { isList, isRecord, toBool, toNumber, toText, type HclRecord, type HclValue, type Position } from "@driver/hcl/values";
import { ConfigError } from "./config-error.ts";
import { describeValue } from "./config-option.ts";
import { describeType, type ValueType } from "./type-expression.ts";
import { unifyValues } from "./unify-values.ts";

/** What a conversion error points at. */
export interface Site {
  readonly path: string;
  readonly position: Position;
}

/**
 * Converts a value to an attribute's type as HCL does: text that is a number or bool passes for one and the other way
 * round, null passes everywhere. One map passes for a list of maps and the other way round, because job files write both
 * the same.
 * @throws ConfigError at `site`
 */
export function convertValue(value: HclValue, type: ValueType, site: Site): HclValue {
  if (value === null) return null;
  switch (type.kind) {
    case "any":
      return value;
    case "string":
      return toText(value) ?? refuse(value, type, site);
    case "bool":
      return toBool(value) ?? refuse(value, type, site);
    case "number":
      return toNumber(value) ?? refuse(value, type, site);
    case "list":
    case "set":
      return convertToList(value, type, site);
    case "map":
      return convertToMap(value, type, site);
    case "tuple":
      return convertToTuple(value, type, site);
    case "object":
      return convertToObject(value, type, site);
  }
}

type CollectionType = Extract<ValueType, { readonly element: ValueType }>;

function convertToList(value: HclValue, type: CollectionType, site: Site): HclValue {
  const list = isRecord(value) && isMapLike(type.element) ? [value] : value;
  if (!isList(list)) return refuse(value, type, site);
  const elements = list.map((element, index) => convertValue(element, type.element, within(site, `[${index}]`)));
  const unified = hasAny(type.element) ? unify(elements, type, site) : elements;
  return type.kind === "set" ? sortedSet(unified) : unified;
}

function convertToMap(value: HclValue, type: CollectionType, site: Site): HclValue {
  const map = unwrapSingle(value);
  if (!isRecord(map)) return refuse(value, type, site);
  const keys = Object.keys(map);
  const elements = keys.map((key) => convertValue(map[key] ?? null, type.element, within(site, `.${key}`)));
  const unified = hasAny(type.element) ? unify(elements, type, site) : elements;
  return Object.fromEntries(keys.map((key, index) => [key, unified[index] ?? null]));
}

function convertToTuple(value: HclValue, type: Extract<ValueType, { kind: "tuple" }>, site: Site): HclValue {
  if (!isList(value) || value.length !== type.elements.length) return refuse(value, type, site);
  return type.elements.map((element, index) => convertValue(value[index] ?? null, element, within(site, `[${index}]`)));
}

function convertToObject(value: HclValue, type: Extract<ValueType, { kind: "object" }>, site: Site): HclValue {
  const record = unwrapSingle(value);
  if (!isRecord(record)) return refuse(value, type, site);
  const missing = Object.keys(type.attributes).find((key) => !Object.hasOwn(record, key));
  if (missing !== undefined) throw new ConfigError(`config key ${site.path} lacks ${missing}; it must be ${describeType(type)}`, site);
  return mapRecord(type.attributes, (element, key) => convertValue(record[key] ?? null, element, within(site, `.${key}`)));
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

function isMapLike(type: ValueType): boolean {
  return type.kind === "map" || type.kind === "object";
}

function unwrapSingle(value: HclValue): HclValue {
  return isList(value) && value.length === 1 ? (value[0] ?? null) : value;
}

function unify(values: readonly HclValue[], type: ValueType, site: Site): readonly HclValue[] {
  const unified = unifyValues(values);
  if (unified === undefined) throw new ConfigError(`config key ${site.path}: all values of ${describeType(type)} must have one type`, site);
  return unified;
}

/** Numbers, bools and text in their order, null last, duplicates removed. Lists and maps keep the order they have. */
function sortedSet(values: readonly HclValue[]): HclValue[] {
  return [...new Map(values.map((value) => [identityOf(value), value])).values()].sort(compareValues);
}

/** A text that is the same for equal values and different for others. */
function identityOf(value: HclValue): string {
  return JSON.stringify(value, (_, entry: unknown) => (typeof entry === "bigint" || typeof entry === "number" ? `#${entry}` : entry));
}

function compareValues(left: HclValue, right: HclValue): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  if (typeof left === "object" || typeof right === "object") return 0;
  if (typeof left === "string" && typeof right === "string") return Buffer.compare(Buffer.from(left), Buffer.from(right));
  const [first, second] = [Number(left), Number(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function mapRecord<V>(record: Readonly<Record<string, V>>, convert: (value: V, key: string) => HclValue): HclRecord {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value, key)]));
}

function within(site: Site, step: string): Site {
  return { path: `${site.path}${step}`, position: site.position };
}

function refuse(value: HclValue, type: ValueType, site: Site): never {
  throw new ConfigError(`config key ${site.path} must be ${describeType(type)}, not ${describeValue(value)}`, site);
}
