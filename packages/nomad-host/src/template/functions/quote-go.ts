import { isLooseByte, toGoBytes } from "../go-bytes.ts";

const simple: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** A text as Go's %q writes it: with `#` in backquotes where that can be, with `+` in ASCII alone. */
export function quoteText(text: string, { flags }: { readonly flags: string }): string {
  if (flags.includes("#") && text.isWellFormed() && !/[\0-\x08\n-\x1f`\x7f\ufeff]/.test(text)) return `\`${text}\``;
  return `"${[...text].map((letter) => escapeLetter(letter, '"', flags)).join("")}"`;
}

/** A letter as Go's %q writes it. */
export function quoteRune(letter: string, flags: string): string {
  return `'${escapeLetter(letter, "'", flags)}'`;
}

function escapeLetter(letter: string, quote: string, flags: string): string {
  if (letter === quote) return `\\${quote}`;
  if (isLooseByte(letter)) return `\\x${toGoBytes(letter).toString("hex")}`;
  const known = simple[letter];
  if (known !== undefined) return known;
  const code = letter.codePointAt(0) ?? 0;
  const isShown = code < 0x80 ? code >= 0x20 && code < 0x7f : !flags.includes("+") && /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(letter);
  if (isShown) return letter;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
