/** What Go takes for blank (`go`: unicode.IsSpace). */
const blank = "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const blankEnds = new RegExp(`^${blank}+|${blank}+$`, "g");
const isBlank = new RegExp(`^${blank}$`);

/** The text without the blanks around it. */
export function trimBlanks(text: string): string {
  return text.replaceAll(blankEnds, "");
}

/** The text in capitals, one letter for one. */
export function toUpperText(text: string): string {
  return Array.from(text, toUpperLetter).join("");
}

/** The text in small letters, one for one. */
export function toLowerText(text: string): string {
  return Array.from(text, toLowerLetter).join("");
}

/** The text with a capital at the start of each word (`go`: strings.Title). */
export function toTitleText(text: string): string {
  let previous = " ";
  return Array.from(text, (letter) => {
    const isFirst = isSeparator(previous);
    previous = letter;
    return isFirst ? toTitleLetter(letter) : letter;
  }).join("");
}

function isSeparator(letter: string): boolean {
  if (/^[\p{L}\p{Nd}_]$/u.test(letter)) return false;
  return letter <= "\u007f" || isBlank.test(letter);
}

/** Small Greek letters with an iota below: JavaScript has two capital letters for one, Unicode's simple mapping has one. */
const iotaLetters: ReadonlyMap<string, string> = new Map([
  ...[0x1f80, 0x1f90, 0x1fa0].flatMap((first) => Array.from({ length: 8 }, (_, index) => pairOf(first + index, first + index + 8))),
  pairOf(0x1fb3, 0x1fbc),
  pairOf(0x1fc3, 0x1fcc),
  pairOf(0x1ff3, 0x1ffc),
]);

function pairOf(small: number, capital: number): readonly [string, string] {
  return [String.fromCodePoint(small), String.fromCodePoint(capital)];
}

function toUpperLetter(letter: string): string {
  return iotaLetters.get(letter) ?? single(letter.toUpperCase(), letter);
}

function toLowerLetter(letter: string): string {
  return letter === "İ" ? "i" : single(letter.toLowerCase(), letter);
}

/** Two letters in one have a form of their own at the start of a word, and Georgian ones stay small there. */
function toTitleLetter(letter: string): string {
  const digraph = "ǅǅǅǈǈǈǋǋǋǲǲǲ"["ǄǅǆǇǈǉǊǋǌǱǲǳ".indexOf(letter)];
  return digraph ?? (/^[\u10d0-\u10fa\u10fd-\u10ff]$/.test(letter) ? letter : toUpperLetter(letter));
}

function single(mapped: string, letter: string): string {
  return [...mapped].length === 1 ? mapped : letter;
}
