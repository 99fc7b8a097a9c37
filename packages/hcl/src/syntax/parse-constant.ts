import type { SourceFile } from "../error/source-error.ts";
import { toNumber } from "../value/scalar.ts";
import type { Expression } from "./expression.ts";
import { ExpressionScanner } from "./expression-scanner.ts";
import { decodeTemplateText } from "./template-text.ts";

const identifier = "[\\p{ID_Start}_][\\p{ID_Continue}-]*";
const words: ReadonlyMap<string, boolean | null> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Deeper nesting than any schema has, and far from the end of the stack. */
const maxDepth = 100;

/**
 * Parses an expression that needs nothing from outside: literals, names, lists, objects, and calls with such arguments.
 * A schema has its types and defaults in this form. It is a part of HCL that is read without the grammar, at once.
 * Throws an HclError for anything else, such as operators and templates.
 */
export function parseConstant(source: SourceFile): Expression {
  const scanner = new ExpressionScanner(source);
  const expression = readExpression(scanner, 0);
  scanner.expectEnd();
  return expression;
}

function readExpression(scanner: ExpressionScanner, depth: number): Expression {
  const { position } = scanner;
  if (depth > maxDepth) throw scanner.failure("nested too deeply");
  if (scanner.take("[")) return { kind: "tuple", items: readList(scanner, "]", depth + 1), position };
  if (scanner.take("{")) return { kind: "object", entries: readEntries(scanner, depth + 1), position };
  const text = readString(scanner);
  if (text !== undefined) return { kind: "literal", value: text, position };
  const number = toNumber((scanner.match("-?\\s*[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?") ?? "").replaceAll(/\s/g, ""));
  if (number !== undefined) return { kind: "literal", value: number, position };
  const name = scanner.match(identifier);
  if (name === undefined) throw scanner.failure("expected a value");
  if (scanner.take("(")) return { kind: "call", name, args: readList(scanner, ")", depth + 1), spreadsLast: false, position };
  const value = words.get(name);
  return value === undefined ? { kind: "variable", name, text: name, position } : { kind: "literal", value, position };
}

function readList(scanner: ExpressionScanner, close: string, depth: number): readonly Expression[] {
  const items: Expression[] = [];
  while (!scanner.take(close)) {
    items.push(readExpression(scanner, depth));
    if (scanner.take(close)) break;
    scanner.expect(",");
  }
  return items;
}

function readEntries(scanner: ExpressionScanner, depth: number): readonly { readonly key: Expression; readonly value: Expression }[] {
  const entries: { readonly key: Expression; readonly value: Expression }[] = [];
  while (!scanner.take("}")) {
    const { position } = scanner;
    const key = readString(scanner) ?? scanner.match(identifier);
    if (key === undefined) throw scanner.failure("expected a key");
    if (!scanner.take("=")) scanner.expect(":");
    entries.push({ key: { kind: "literal", value: key, position }, value: readExpression(scanner, depth) });
    const isParted = scanner.takeNewline() || scanner.take(",");
    if (!isParted) {
      scanner.expect("}");
      break;
    }
  }
  return entries;
}

function readString(scanner: ExpressionScanner): string | undefined {
  const quoted = scanner.match('"(?:[^"\\\\\\n]|\\\\.)*"');
  if (quoted === undefined) return undefined;
  const decoded = decodeTemplateText(quoted.slice(1, -1), "quoted");
  if (!decoded.ok) throw scanner.failure(decoded.message);
  return decoded.text;
}
