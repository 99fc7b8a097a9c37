import { isList, isNumber, isRecord, type HclValue } from "../value/hcl-value.ts";
import type { ValueType } from "./value-type.ts";

/** The very type that a written value has: of a list in brackets a tuple, of one in braces an object, of null any (`cty`: Value.Type). */
export function typeOfValue(value: HclValue): ValueType {
  if (isList(value)) return { kind: "tuple", elements: value.map(typeOfValue) };
  if (isRecord(value)) {
    const attributes = Object.entries(value).map(([key, inner]) => [key, typeOfValue(inner)] as const);
    return { kind: "object", attributes: Object.fromEntries(attributes) };
  }
  if (value === null) return { kind: "any" };
  return { kind: isNumber(value) ? "number" : typeof value === "string" ? "string" : "bool" };
}
