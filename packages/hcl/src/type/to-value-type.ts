import { HclError } from "../error/hcl-error.ts";
import { suggestName } from "../error/nearest-name.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { Expression } from "../syntax/expression.ts";
import type { Position } from "../value/position.ts";
import type { ValueType } from "./value-type.ts";

const names = ["any", "string", "number", "bool", "list", "set", "map", "object", "tuple"];

const objectRule = "type object: needs its attributes, as in object({ name = string })";
const tupleRule = "type tuple: needs a list of types, as in tuple([string, number])";

/** The type that an expression such as `list(string)` says. Throws an HclError at what is no type. */
export function toValueType(expression: Expression, source: SourceFile): ValueType {
  const refuse = (message: string, position: Position = expression.position) =>
    new HclError(message, { code: "evaluation", source, position });
  if (expression.kind === "variable") return toSimpleType(expression.name, refuse);
  const [argument, ...others] = expression.kind === "call" ? expression.args : [];
  if (expression.kind !== "call" || argument === undefined || others.length > 0)
    throw refuse("type: must be a type such as string, list(string) or object({ name = string })");
  switch (expression.name) {
    case "list":
    case "set":
    case "map":
      return { kind: expression.name, element: toValueType(argument, source) };
    case "object":
      if (argument.kind !== "object") throw refuse(objectRule);
      return { kind: "object", attributes: Object.fromEntries(argument.entries.map((entry) => toAttribute(entry, source, refuse))) };
    case "tuple":
      if (argument.kind !== "tuple") throw refuse(tupleRule);
      return { kind: "tuple", elements: argument.items.map((item) => toValueType(item, source)) };
    default:
      throw refuse(explainUnknown(expression.name));
  }
}

type Refuse = (message: string, position?: Position) => HclError;

function toSimpleType(name: string, refuse: Refuse): ValueType {
  switch (name) {
    case "any":
    case "string":
    case "number":
    case "bool":
      return { kind: name };
    case "list":
    case "set":
    case "map":
      throw refuse(`type ${name}: needs the type of its elements, as in ${name}(string)`);
    case "object":
      throw refuse(objectRule);
    case "tuple":
      throw refuse(tupleRule);
    default:
      throw refuse(explainUnknown(name));
  }
}

function toAttribute(
  entry: { readonly key: Expression; readonly value: Expression },
  source: SourceFile,
  refuse: Refuse,
): readonly [string, ValueType] {
  const { key, value } = entry;
  if (key.kind === "literal" && typeof key.value === "string") return [key.value, toValueType(value, source)];
  throw refuse("type object: the names of its attributes must be plain words", key.position);
}

function explainUnknown(name: string): string {
  return `type ${name}: unknown${suggestName(name, names)}; known are ${names.join(", ")}`;
}
