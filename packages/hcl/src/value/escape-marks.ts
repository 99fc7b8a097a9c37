import type { HclValue } from "./hcl-value.ts";
import { mapTexts } from "./hcl-value.ts";

/**
 * `$${` and `%%{` stand for `${` and `%{`. Where the running task's variables are filled in later, they must still be
 * told from a real `${` then; so a mark takes the place of the sign until it is known where a text ends up. The marks
 * are noncharacters, which Unicode leaves to the inside of programs.
 */
const marks = { $: "\uFDD0", "%": "\uFDD1" } as const;
const markPattern = /[\uFDD0\uFDD1]/g;

/** What an escape is read as, without its brace. */
export function markEscape(sign: "$" | "%"): string {
  return marks[sign];
}

/** The text that was meant. */
export function toPlainText(text: string): string {
  return text.replace(markPattern, (mark) => (mark === marks.$ ? "$" : "%"));
}

/** The text with its escapes as they were written. */
export function toEscapedText(text: string): string {
  return text.replace(markPattern, (mark) => (mark === marks.$ ? "$$" : "%%"));
}

/** `toPlainText` for all texts and keys in a value. */
export function toPlainValue(value: HclValue): HclValue {
  return mapTexts(value, toPlainText);
}
