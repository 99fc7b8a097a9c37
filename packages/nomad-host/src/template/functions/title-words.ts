import { toTitleText } from "@driver/hcl";

/** Signs of scripts without blanks between words: JavaScript looks these up in a dictionary, and for Go each is a word's end. */
const unspaced =
  /([[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tale}\p{sc=Talu}\p{sc=Lana}\p{sc=Tavt}\p{sc=Ahom}]--[\p{M}\p{Nd}]])/v;

/** The first letter of each word that has a capital form, in it (`go`: x/text's cases.Title). */
export function toTitleWords(text = ""): string {
  // Made here: it takes 20 ms, and hardly a template asks for titles.
  const words = new Intl.Segmenter("en", { granularity: "word" });
  const toTitle = (part: string): string =>
    Array.from(words.segment(part), ({ segment }) => segment.replace(/\p{Cased}/u, toTitleStart)).join("");
  return text.split(unspaced).map(toTitle).join("");
}

/** Of a letter that becomes several, the first is the capital (`ß`: `Ss`). */
function toTitleStart(letter: string): string {
  const title = toTitleText(letter);
  const capitals = letter.toUpperCase();
  if (title !== letter || /^\p{Lt}$/u.test(letter) || [...capitals].length === 1) return title;
  const small = capitals.replaceAll(/(?<=\p{Lu}.*)\p{Lu}/gsu, (capital) => capital.toLowerCase());
  // A Greek iota below a letter stays there.
  return letter.normalize("NFD").endsWith("\u0345") ? small.replace(/\u03b9$/, "\u0345") : small;
}
