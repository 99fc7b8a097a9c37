import { isList, isRecord, type HclRecord, type HclValue } from "./hcl-value.ts";
import { toText } from "./scalar.ts";

/**
 * Brings values to one type, as HCL does with the elements of a `list(any)` and the branches of a conditional: numbers
 * and bools beside text become text. Undefined when there is no such type. Nulls stay (`cty`: convert.Unify).
 */
export function unifyValues(values: readonly HclValue[]): readonly HclValue[] | undefined {
  const given = values.filter((value) => value !== null);
  if (given.every(isList)) return restoreNulls(values, unifyLists(given));
  if (given.every(isRecord)) return restoreNulls(values, unifyRecords(given));
  if (given.some((value) => typeof value === "object")) return undefined;
  const kinds = new Set(given.map((value) => (typeof value === "bigint" ? "number" : typeof value)));
  if (kinds.size <= 1) return values;
  if (!kinds.has("string")) return undefined;
  return values.map((value) => toText(value) ?? value);
}

function unifyLists(lists: readonly (readonly HclValue[])[]): readonly HclValue[] | undefined {
  const length = lists[0]?.length ?? 0;
  if (!lists.every((list) => list.length === length))
    return regroup(
      lists,
      (list) => list,
      (_, elements) => elements,
    );
  const columns = Array.from({ length }, (_, column) => unifyValues(lists.map((list) => list[column] ?? null)));
  if (columns.includes(undefined)) return undefined;
  return lists.map((_, row) => columns.map((column) => column?.[row] ?? null));
}

function unifyRecords(records: readonly HclRecord[]): readonly HclValue[] | undefined {
  const keys = Object.keys(records[0] ?? {});
  const isSameShape = records.every(
    (record) => Object.keys(record).length === keys.length && keys.every((key) => Object.hasOwn(record, key)),
  );
  const rebuild = (record: HclRecord, values: readonly HclValue[]): HclValue =>
    Object.fromEntries(Object.keys(record).map((key, index) => [key, values[index] ?? null]));
  // The type of a null is open: beside one, values that have no type in common stay what they are.
  const isOpen = records.some((record) => Object.values(record).includes(null));
  if (!isSameShape) return regroup(records, (record) => Object.values(record), rebuild) ?? (isOpen ? records : undefined);
  const rows = unifyLists(records.map((record) => keys.map((key) => record[key] ?? null)));
  return rows?.map((row) => Object.fromEntries(keys.map((key, index) => [key, isList(row) ? (row[index] ?? null) : null])));
}

/** Unifies the elements of all groups together and puts them back into their groups. */
function regroup<G>(
  groups: readonly G[],
  open: (group: G) => readonly HclValue[],
  close: (group: G, elements: readonly HclValue[]) => HclValue,
): readonly HclValue[] | undefined {
  const unified = unifyValues(groups.flatMap(open));
  if (unified === undefined) return undefined;
  let offset = 0;
  return groups.map((group) => close(group, unified.slice(offset, (offset += open(group).length))));
}

function restoreNulls(values: readonly HclValue[], unified: readonly HclValue[] | undefined): readonly HclValue[] | undefined {
  if (unified === undefined) return undefined;
  let next = 0;
  return values.map((value) => (value === null ? null : (unified[next++] ?? null)));
}
