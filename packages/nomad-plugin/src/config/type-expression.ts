import { ExpressionScanner } from "./expression-scanner.ts";

/** The type of an attribute. */
export type ValueType =
  | { readonly kind: "string" | "bool" | "number" | "any" }
  | { readonly kind: "list" | "set" | "map"; readonly element: ValueType }
  | { readonly kind: "tuple"; readonly elements: readonly ValueType[] }
  | { readonly kind: "object"; readonly attributes: Readonly<Record<string, ValueType>> };

/** Parses a type expression such as `list(map(string))`. @throws SyntaxError: the schema itself is wrong */
export function parseTypeExpression(source: string): ValueType {
  const scanner = new ExpressionScanner(source);
  const type = parseType(scanner);
  scanner.expectEnd();
  return type;
}

/** The type in words, for messages: `a list of string`. */
export function describeType(type: ValueType): string {
  return /^[aeiou]/.test(type.kind) ? `an ${nameOfType(type)}` : `a ${nameOfType(type)}`;
}

function nameOfType(type: ValueType): string {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
      return `${type.kind} of ${nameOfType(type.element)}`;
    case "tuple":
      return `list of exactly ${type.elements.length} values`;
    case "object":
      return `object with ${Object.keys(type.attributes).join(", ")}`;
    default:
      return type.kind;
  }
}

function parseType(scanner: ExpressionScanner): ValueType {
  const word = scanner.match(/[a-z]+/y);
  switch (word) {
    case "string":
    case "bool":
    case "number":
    case "any":
      return { kind: word };
    case "null":
      return { kind: "any" };
    case "list":
    case "set":
    case "map":
      return { kind: word, element: parseArgument(scanner, parseType) };
    case "tuple":
      return { kind: "tuple", elements: parseArgument(scanner, parseTypeList) };
    case "object":
      return { kind: "object", attributes: parseArgument(scanner, parseTypeRecord) };
    default:
      throw scanner.failure("expected string, bool, number, any, list, set, map, tuple or object");
  }
}

function parseArgument<T>(scanner: ExpressionScanner, parse: (scanner: ExpressionScanner) => T): T {
  scanner.expect("(");
  const argument = parse(scanner);
  scanner.expect(")");
  return argument;
}

function parseTypeList(scanner: ExpressionScanner): ValueType[] {
  const types: ValueType[] = [];
  scanner.expect("[");
  while (!scanner.take("]")) {
    if (types.length > 0) scanner.expect(",");
    if (types.length > 0 && scanner.take("]")) break;
    types.push(parseType(scanner));
  }
  return types;
}

function parseTypeRecord(scanner: ExpressionScanner): Record<string, ValueType> {
  const entries: [string, ValueType][] = [];
  scanner.expect("{");
  while (!scanner.take("}")) {
    const key = scanner.match(/[A-Za-z_][\w-]*|"[^"\\]*"/y);
    if (key === undefined) throw scanner.failure("expected a name");
    scanner.expect("=");
    entries.push([key.replaceAll('"', ""), parseType(scanner)]);
    scanner.take(",");
  }
  return Object.fromEntries(entries);
}
