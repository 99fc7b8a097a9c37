import { fromGoBytes } from "./go-bytes.ts";
import { isCharacter } from "./is-character.ts";

const simple: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** The number of the one letter between single quotes; undefined when it is none. A byte is its own number (`go`: UnquoteChar). */
export function unquoteGoLetter(literal: string): bigint | undefined {
  const [, hex, octal] = /^'\\(?:x([0-9a-fA-F]{2})|([0-7]{3}))'$/.exec(literal) ?? [];
  if (hex !== undefined) return BigInt(`0x${hex}`);
  if (octal !== undefined) return Number.parseInt(octal, 8) > 0xff ? undefined : BigInt(`0o${octal}`);
  const letters = [...(unquoteGo(literal) ?? "")];
  return letters.length === 1 ? BigInt(letters[0]?.codePointAt(0) ?? 0) : undefined;
}

/** The text of a Go literal in double or single quotes, or in backquotes; undefined when it is none. */
export function unquoteGo(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner.replaceAll("\r", "");
  // Of the two quotes only the one around the literal may stand behind a backslash.
  const otherQuote = literal.startsWith("'") ? '"' : "'";
  const bytes: Buffer[] = [];
  let at = 0;
  while (at < inner.length) {
    const [, code, hex, octal] =
      /^\\(?:([abfnrtv\\'"])|(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{3}))/.exec(inner.slice(at)) ?? [];
    const sign = String.fromCodePoint(inner.codePointAt(at) ?? 0);
    if (code === undefined && hex === undefined && octal === undefined) {
      if (sign === "\\") return undefined;
      bytes.push(Buffer.from(sign));
      at += sign.length;
      continue;
    }
    if (code === otherQuote) return undefined;
    const value = octal === undefined ? Number.parseInt(hex?.slice(1) ?? "0", 16) : Number.parseInt(octal, 8);
    const isByte = octal !== undefined || hex?.startsWith("x") === true;
    if (isByte ? value > 0xff : !isCharacter(value)) return undefined;
    if (code !== undefined) bytes.push(Buffer.from(simple[code] ?? code));
    else bytes.push(isByte ? Buffer.from([value]) : Buffer.from(String.fromCodePoint(value)));
    at += 1 + (code ?? hex ?? octal ?? "").length;
  }
  return fromGoBytes(Buffer.concat(bytes));
}
