import { AnyList, isTemplateList, isTemplateMap, TemplateObject, typeOf } from "../template-value.ts";
import type { TemplateMap, TemplateValue } from "../template-value.ts";

/** Refuses another number of arguments. */
export function wantCount(values: readonly TemplateValue[], least: number, most = least): void {
  if (values.length >= least && values.length <= most) return;
  const wanted = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  throw new Error(`takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${values.length}`);
}

/** A value of a Nomad variable is no string for Go, and none here. */
export function wantText(value: TemplateValue): string {
  if (typeof value === "string") return value;
  const hint = value instanceof TemplateObject && value.text !== undefined ? "; its field Value is one" : "";
  throw new Error(`a string is wanted, not ${typeOf(value)}${hint}`);
}

/** Go's `int`, and no other whole number. */
export function wantWhole(value: TemplateValue): bigint {
  if (typeof value === "bigint") return value;
  throw new Error(`a whole number is wanted, not ${typeOf(value)}`);
}

/** Go's `[]string`, which may be nil. */
export function wantTexts(value: TemplateValue): readonly string[] {
  if (value === null) return [];
  if (isTemplateList(value) && !(value instanceof AnyList)) return value.map(wantText);
  throw new Error(`a list of strings is wanted, not ${isTemplateList(value) ? "one of JSON" : typeOf(value)}`);
}

/** Go's `[]interface{}`. */
export function wantAnyList(value: TemplateValue): readonly TemplateValue[] {
  if (value instanceof AnyList) return value;
  throw new Error(`a list of JSON is wanted, not ${isTemplateList(value) ? "one of strings" : typeOf(value)}`);
}

export function wantMap(value: TemplateValue): TemplateMap {
  if (isTemplateMap(value)) return value;
  throw new Error(`a map is wanted, not ${typeOf(value)}`);
}
