import { toNumber, type HclValue } from "@driver/hcl/values";
import { ExpressionScanner } from "./expression-scanner.ts";

/**
 * Evaluates the HCL source of a default: strings, numbers, bools, null, lists and objects of them.
 * @throws SyntaxError for anything else, such as functions and templates
 */
export function evaluateLiteral(source: string): HclValue {
  const scanner = new ExpressionScanner(source);
  const value = readValue(scanner);
  scanner.expectEnd();
  return value;
}

function readValue(scanner: ExpressionScanner): HclValue {
  if (scanner.take("[")) return readList(scanner);
  if (scanner.take("{")) return readObject(scanner);
  const text = readString(scanner);
  if (text !== undefined) return text;
  const number = toNumber(scanner.match(/-?\s*\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y)?.replaceAll(/\s/g, "") ?? "");
  if (number !== undefined) return number;
  const word = scanner.match(/[a-z]+(?![\w(.])/y);
  if (word === "true" || word === "false") return word === "true";
  if (word === "null") return null;
  throw scanner.failure("expected a literal value");
}

function readList(scanner: ExpressionScanner): HclValue[] {
  const values: HclValue[] = [];
  while (!scanner.take("]")) {
    values.push(readValue(scanner));
    if (scanner.take("]")) break;
    scanner.expect(",");
  }
  return values;
}

function readObject(scanner: ExpressionScanner): Readonly<Record<string, HclValue>> {
  const entries: [string, HclValue][] = [];
  while (!scanner.take("}")) {
    const key = readString(scanner) ?? scanner.match(/[A-Za-z_][\w-]*/y);
    if (key === undefined) throw scanner.failure("expected a key");
    if (!scanner.take("=")) scanner.expect(":");
    entries.push([key, readValue(scanner)]);
    scanner.take(",");
  }
  return Object.fromEntries(entries);
}

function readString(scanner: ExpressionScanner): string | undefined {
  const quoted = scanner.match(/"(?:[^"\\\n]|\\.)*"/y);
  if (quoted === undefined) return undefined;
  if (/(?<![$])\$\{|(?<![%])%\{/.test(quoted)) throw scanner.failure("a default cannot hold a template");
  const text = quoted.slice(1, -1).replaceAll(/\$\$\{|%%\{/g, (marker) => marker.slice(1));
  return text.replaceAll(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (_, escape: string) => unescape(escape, scanner));
}

function unescape(escape: string, scanner: ExpressionScanner): string {
  const plain: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };
  if (escape.length > 1) return String.fromCodePoint(parseInt(escape.slice(1), 16));
  const text = plain[escape];
  if (text === undefined) throw scanner.failure(`unknown escape \\${escape}`);
  return text;
}
