import type { HclValue } from "../../value/hcl-value.ts";
import { compareText, describeKind, equalValues, isList, isNumber, isRecord, sortedKeys } from "../../value/hcl-value.ts";
import { unifyValues } from "../../value/unify-values.ts";
import type { HclList } from "../../value/hcl-value.ts";
import { integerArgument, listArgument, recordArgument, textArgument, textListArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";

export const collectionFunctions: FunctionTable = {
  length: { min: 1, max: 1, apply: countItems },
  concat: { min: 1, apply: (args, context) => args.flatMap((_, index) => [...listArgument(args, index, context)]) },
  contains: { min: 2, max: 2, apply: (args, context) => listArgument(args, 0, context).some((item) => equalValues(item, args[1] ?? null)) },
  distinct: { min: 1, max: 1, apply: (args, context) => distinct(listArgument(args, 0, context)) },
  element: { min: 2, max: 2, apply: pickElement },
  index: { min: 2, max: 2, apply: pickByKey },
  flatten: { min: 1, max: 1, apply: (args, context) => flatten(listArgument(args, 0, context)) },
  keys: { min: 1, max: 1, apply: (args, context) => sortedKeys(recordArgument(args, 0, context)) },
  values: { min: 1, max: 1, apply: listValues },
  lookup: { min: 3, max: 3, apply: lookUp },
  merge: { min: 0, apply: merge },
  slice: { min: 3, max: 3, apply: slice },
  sort: { min: 1, max: 1, apply: (args, context) => textListArgument(args, 0, context).toSorted(compareText) },
  zipmap: { min: 2, max: 2, apply: zipMap },
  compact: { min: 1, max: 1, apply: (args, context) => listArgument(args, 0, context).filter((item) => item !== null && item !== "") },
  coalesce: { min: 1, apply: coalesce },
  coalescelist: { min: 1, apply: coalesceList },
  chunklist: { min: 2, max: 2, apply: chunkList },
  setunion: { min: 1, apply: (args, context) => toSet(args.flatMap((_, index) => [...listArgument(args, index, context)])) },
  setintersection: { min: 1, apply: intersect },
  setproduct: { min: 2, apply: multiply },
};

function countItems(args: readonly HclValue[], context: CallContext): HclValue {
  const value = args[0] ?? null;
  if (isList(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  throw context.fail(`needs a list or a map, not ${describeKind(value)}${typeof value === "string" ? "; use strlen" : ""}`);
}

function distinct(items: HclList): HclList {
  return items.filter((item, index) => items.findIndex((other) => equalValues(other, item)) === index);
}

/** A set has no order of its own: texts are sorted, as Nomad goes through them. */
function toSet(items: HclList): HclList {
  const unique = distinct(items);
  return unique.every((item) => typeof item === "string") ? unique.toSorted(compareText) : unique;
}

function pickElement(args: readonly HclValue[], context: CallContext): HclValue {
  const list = listArgument(args, 0, context);
  const index = integerArgument(args, 1, context);
  if (list.length === 0) throw context.fail("the list is empty");
  return list[((index % list.length) + list.length) % list.length] ?? null;
}

function pickByKey(args: readonly HclValue[], context: CallContext): HclValue {
  const [collection = null, key = null] = args;
  if (isRecord(collection)) {
    if (typeof key !== "string") throw context.fail(`argument 2 must be a string, which is what keys are, not ${describeKind(key)}`);
    if (!Object.hasOwn(collection, key)) throw context.fail(`the map has no key ${JSON.stringify(key)}`);
    return collection[key] ?? null;
  }
  const list = listArgument(args, 0, context);
  if (!isNumber(key)) throw context.fail(`argument 2 must be a number, not ${describeKind(key)}`);
  const index = integerArgument(args, 1, context);
  if (index < 0 || index >= list.length) throw context.fail(`index ${index}: the list has ${list.length} items, counted from 0`);
  return list[index] ?? null;
}

function flatten(items: HclList): HclList {
  return items.flatMap((item) => (isList(item) ? flatten(item) : [item]));
}

function listValues(args: readonly HclValue[], context: CallContext): HclValue {
  const record = recordArgument(args, 0, context);
  return sortedKeys(record).map((key) => record[key] ?? null);
}

function lookUp(args: readonly HclValue[], context: CallContext): HclValue {
  const record = recordArgument(args, 0, context);
  const key = textArgument(args, 1, context);
  return (Object.hasOwn(record, key) ? record[key] : args[2]) ?? null;
}

function merge(args: readonly HclValue[], context: CallContext): HclValue {
  const entries = args.flatMap((value, index) => (value === null ? [] : Object.entries(recordArgument(args, index, context))));
  return Object.fromEntries(entries);
}

function slice(args: readonly HclValue[], context: CallContext): HclValue {
  const list = listArgument(args, 0, context);
  const start = integerArgument(args, 1, context);
  const end = integerArgument(args, 2, context);
  if (start < 0 || start > end || end > list.length) throw context.fail(`items ${start} to ${end}: the list has ${list.length} items`);
  return list.slice(start, end);
}

function zipMap(args: readonly HclValue[], context: CallContext): HclValue {
  const keys = textListArgument(args, 0, context);
  const values = listArgument(args, 1, context);
  if (keys.length !== values.length) throw context.fail(`there are ${keys.length} keys, but ${values.length} values`);
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? null]));
}

/** The first value that is not null; all of them take one type (`cty`). */
function coalesce(args: readonly HclValue[], context: CallContext): HclValue {
  const unified = unifyValues(args);
  if (unified === undefined) throw context.fail("the arguments cannot be brought to one type");
  const first = unified.find((value) => value !== null);
  if (first === undefined) throw context.fail("all values are null");
  return first;
}

function coalesceList(args: readonly HclValue[], context: CallContext): HclValue {
  const index = args.map((_, at) => listArgument(args, at, context)).findIndex((list) => list.length > 0);
  if (index === -1) throw context.fail("all lists are empty");
  return args[index] ?? null;
}

function chunkList(args: readonly HclValue[], context: CallContext): HclValue {
  const list = listArgument(args, 0, context);
  const size = integerArgument(args, 1, context);
  if (size < 0) throw context.fail("the size must not be negative");
  if (size === 0) return [list];
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}

function intersect(args: readonly HclValue[], context: CallContext): HclValue {
  const [first = [], ...others] = args.map((_, index) => listArgument(args, index, context));
  return toSet(first.filter((item) => others.every((other) => other.some((candidate) => equalValues(candidate, item)))));
}

const maxProductLength = 10_000;

function multiply(args: readonly HclValue[], context: CallContext): HclValue {
  const lists = args.map((_, index) => listArgument(args, index, context));
  if (lists.reduce((size, list) => size * list.length, 1) > maxProductLength)
    throw context.fail(`it would give more than ${maxProductLength} items`);
  return lists.reduce<readonly HclList[]>((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]]);
}
