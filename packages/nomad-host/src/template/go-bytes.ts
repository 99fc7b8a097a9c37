/**
 * Go's strings are bytes. Here a byte that is no UTF-8 stands in a text as half of a surrogate pair, U+DC80 to U+DCFF, which no
 * text has otherwise.
 */
const firstLoose = 0xdc00;
const loose = /[\udc80-\udcff]/u;
const eachLoose = /([\udc80-\udcff])/u;

/** A run of letters of one length in UTF-8, or a byte that begins none, in a text of bytes. */
const piece = new RegExp(
  [
    "[\\x00-\\x7f]+",
    "(?:[\\xc2-\\xdf][\\x80-\\xbf])+",
    "(?:(?:\\xe0[\\xa0-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]|\\xed[\\x80-\\x9f])[\\x80-\\xbf])+",
    "(?:(?:\\xf0[\\x90-\\xbf]|[\\xf1-\\xf3][\\x80-\\xbf]|\\xf4[\\x80-\\x8f])[\\x80-\\xbf]{2})+",
    "[\\x80-\\xff]",
  ].join("|"),
  "g",
);

/** The text that bytes are for a template. */
export function fromGoBytes(bytes: Buffer): string {
  const text = bytes.toString();
  if (!text.includes("\u{fffd}")) return text;
  return bytes.toString("latin1").replaceAll(piece, (found) => {
    const first = found.charCodeAt(0);
    const isLoose = found.length === 1 && first >= 0x80;
    return isLoose ? String.fromCharCode(firstLoose + first) : Buffer.from(found, "latin1").toString();
  });
}

/** The bytes of a template's text. */
export function toGoBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  return Buffer.concat(
    splitLooseBytes(text).map((part) => (isLooseByte(part) ? Buffer.from([part.charCodeAt(0) - firstLoose]) : Buffer.from(part))),
  );
}

/** The text in its order, with each byte that is none by itself. */
export function splitLooseBytes(text: string): readonly string[] {
  return text.split(eachLoose);
}

/** Whether a letter of a text stands for a byte that is none. */
export function isLooseByte(letter: string): boolean {
  return letter.length === 1 && loose.test(letter);
}
