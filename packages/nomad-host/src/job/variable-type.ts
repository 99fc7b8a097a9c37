import { compareText, describeKind, equalValues, isList, isRecord, suggestName, toBool, toNumber, toText } from "@driver/hcl";
import type { Expression, Fail, HclRecord, HclValue, Scope } from "@driver/hcl";
import { failAt } from "./job-file-error.ts";

/** The type a variable is declared with. */
export type VariableType =
  | { readonly kind: "any" | "string" | "number" | "bool" }
  | { readonly kind: "list" | "set" | "map"; readonly element: VariableType }
  | { readonly kind: "object"; readonly attributes: Readonly<Record<string, VariableType>> }
  | { readonly kind: "tuple"; readonly elements: readonly VariableType[] };

const names = ["any", "string", "number", "bool", "list", "set", "map", "object", "tuple"];

/** The type that `type = …` says, such as `list(string)`. */
export function toVariableType(expression: Expression, scope: Scope): VariableType {
  const fail = failAt(scope, expression.position, "variable");
  if (expression.kind === "variable") {
    const { name } = expression;
    if (name === "any" || name === "string" || name === "number" || name === "bool") return { kind: name };
    if (name === "list" || name === "set" || name === "map") return { kind: name, element: { kind: "any" } };
    throw fail(`type ${name}: unknown${suggestName(name, names)}; known are ${names.join(", ")}`);
  }
  const [argument, ...others] = expression.kind === "call" ? expression.args : [];
  if (expression.kind !== "call" || argument === undefined || others.length > 0)
    throw fail("type: must be a type such as string, list(string) or object({ name = string })");
  switch (expression.name) {
    case "list":
    case "set":
    case "map":
      return { kind: expression.name, element: toVariableType(argument, scope) };
    case "object":
      if (argument.kind !== "object") throw fail("type object: needs its attributes, as in object({ name = string })");
      return {
        kind: "object",
        attributes: Object.fromEntries(
          argument.entries.map(({ key, value }) => [toAttributeName(key, fail), toVariableType(value, scope)]),
        ),
      };
    case "tuple":
      if (argument.kind !== "tuple") throw fail("type tuple: needs a list of types, as in tuple([string, number])");
      return { kind: "tuple", elements: argument.items.map((item) => toVariableType(item, scope)) };
    default:
      throw fail(`type ${expression.name}: unknown${suggestName(expression.name, names)}; known are ${names.join(", ")}`);
  }
}

function toAttributeName(key: Expression, fail: Fail): string {
  if (key.kind === "literal" && typeof key.value === "string") return key.value;
  throw fail("type object: the names of its attributes must be plain words");
}

/** A type as it is written in a job file. */
export function formatType(type: VariableType): string {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
      return `${type.kind}(${formatType(type.element)})`;
    case "object":
      return `object({ ${Object.entries(type.attributes)
        .map(([name, inner]) => `${name} = ${formatType(inner)}`)
        .join(", ")} })`;
    case "tuple":
      return `tuple([${type.elements.map(formatType).join(", ")}])`;
    default:
      return type.kind;
  }
}

/** The value as the type wants it: numbers become text where text is wanted, and so on; throws where it cannot be. */
export function convertToType(value: HclValue, type: VariableType, fail: Fail): HclValue {
  if (value === null || type.kind === "any") return value;
  switch (type.kind) {
    case "string":
      return converted(toText(value), value, type, fail);
    case "number":
      return converted(toNumber(value), value, type, fail);
    case "bool":
      return converted(toBool(value), value, type, fail);
    case "list":
    case "set":
      return convertList(value, type, fail);
    case "map":
      if (!isRecord(value)) throw mismatch(value, type, fail);
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convertToType(item, type.element, within(fail, key))]));
    case "object":
      if (!isRecord(value)) throw mismatch(value, type, fail);
      return convertObject(value, type.attributes, fail);
    case "tuple":
      if (!isList(value) || value.length !== type.elements.length) throw mismatch(value, type, fail);
      return value.map((item, index) => convertToType(item, type.elements[index] ?? { kind: "any" }, within(fail, String(index))));
  }
}

function converted<T extends HclValue>(result: T | undefined, value: HclValue, type: VariableType, fail: Fail): T {
  if (result === undefined) throw mismatch(value, type, fail);
  return result;
}

function convertList(value: HclValue, type: Extract<VariableType, { readonly element: VariableType }>, fail: Fail): HclValue {
  if (!isList(value)) throw mismatch(value, type, fail);
  const items = value.map((item, index) => convertToType(item, type.element, within(fail, String(index))));
  if (type.kind === "list") return items;
  const unique = items.filter((item, index) => items.findIndex((other) => equalValues(other, item)) === index);
  return unique.every((item) => typeof item === "string") ? unique.toSorted(compareText) : unique;
}

function convertObject(value: HclRecord, attributes: Readonly<Record<string, VariableType>>, fail: Fail): HclValue {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, type]) => {
      const item = Object.hasOwn(value, name) ? value[name] : undefined;
      if (item === undefined) throw fail(`attribute "${name}" is missing`);
      return [name, convertToType(item, type, within(fail, name))];
    }),
  );
}

function within(fail: Fail, key: string): Fail {
  return (message) => fail(`in ${key}: ${message}`);
}

function mismatch(value: HclValue, type: VariableType, fail: Fail) {
  const text = toText(value);
  return fail(`must be of type ${formatType(type)}, not ${text === undefined ? describeKind(value) : JSON.stringify(text)}`);
}
