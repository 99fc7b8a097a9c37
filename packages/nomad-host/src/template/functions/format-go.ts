import { toGoBytes } from "../go-bytes.ts";
import { isCharacter } from "../is-character.ts";
import { isTemplateList, isTemplateMap, printValue, sortedEntries } from "../template-value.ts";
import { TemplateNil, TemplateObject, typeOf, wholeOf } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { formatGoFloat } from "./format-go-float.ts";
import type { Verb } from "./format-verb.ts";
import { quoteRune, quoteText } from "./quote-go.ts";

/** Wider than that is taken for a mistake (`go`: fmt's tooLarge). */
const mostWidth = 1e6;

/** Go's `Sprintf`. A nil and what has no value are the same here. */
export function formatGo(format: string, values: readonly TemplateValue[]): string {
  return new Formatter(format, values).run();
}

class Formatter {
  readonly #letters: readonly string[];
  readonly #values: readonly TemplateValue[];
  #at = 0;
  #next = 0;
  /** True: an index named one that there is not. */
  #isBadIndex = false;
  #hasIndexes = false;
  #trouble = "";

  constructor(format: string, values: readonly TemplateValue[]) {
    this.#letters = [...format];
    this.#values = values;
  }

  run(): string {
    let text = "";
    while (this.#at < this.#letters.length) {
      const letter = this.#letters[this.#at++] ?? "";
      text += letter === "%" ? this.#directive() : letter;
    }
    const extra = this.#hasIndexes ? [] : this.#values.slice(this.#next).map(describe);
    return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
  }

  #directive(): string {
    [this.#isBadIndex, this.#trouble] = [false, ""];
    const flags = this.#takeWhile(/[-+# 0]/);
    let isIndexed = this.#index();
    const width = this.#measure("WIDTH", isIndexed);
    isIndexed = width.isStarred ? false : isIndexed;
    let precision: number | undefined;
    if (this.#letters[this.#at] === ".") {
      this.#at += 1;
      if (isIndexed) this.#isBadIndex = true;
      isIndexed = this.#index();
      const measured = this.#measure("PREC", isIndexed);
      isIndexed = measured.isStarred ? false : isIndexed;
      precision = measured.value ?? (measured.isStarred ? undefined : 0);
    }
    if (!isIndexed) this.#index();
    const letter = this.#letters[this.#at++];
    if (letter === undefined) return `${this.#trouble}%!(NOVERB)`;
    // With %v a plus is for the names of fields, not for signs.
    const kept = letter === "v" ? flags.replaceAll("+", "") : flags;
    return this.#trouble + this.#write({ ...toVerb(kept, width.value, precision), letter });
  }

  #write(verb: Verb): string {
    if (verb.letter === "%") return "%";
    if (this.#isBadIndex) return `%!${verb.letter}(BADINDEX)`;
    if (this.#next >= this.#values.length) return `%!${verb.letter}(MISSING)`;
    return formatValue(verb, this.#values[this.#next++]);
  }

  #takeWhile(pattern: RegExp): string {
    const from = this.#at;
    while (pattern.test(this.#letters[this.#at] ?? "")) this.#at += 1;
    return this.#letters.slice(from, this.#at).join("");
  }

  /** `[n]`, which names the value that is taken next. */
  #index(): boolean {
    if (this.#letters[this.#at] !== "[") return false;
    this.#hasIndexes = true;
    const close = this.#letters.indexOf("]", this.#at);
    if (close < 0) {
      [this.#isBadIndex, this.#at] = [true, this.#at + 1];
      return false;
    }
    const inner = this.#letters.slice(this.#at + 1, close).join("");
    this.#at = close + 1;
    const number = /^\d+$/.test(inner) ? Number(inner) : 0;
    if (number < 1 || number > this.#values.length) this.#isBadIndex = true;
    else this.#next = number - 1;
    return true;
  }

  /** A width or precision: digits, or `*` for a value. */
  #measure(name: "PREC" | "WIDTH", isIndexed: boolean): { readonly value: number | undefined; readonly isStarred: boolean } {
    if (this.#letters[this.#at] === "*") {
      this.#at += 1;
      const given = wholeOf(this.#values[this.#next]);
      if (this.#next < this.#values.length) this.#next += 1;
      const isGood = given !== undefined && given <= mostWidth && given >= (name === "PREC" ? 0 : -mostWidth);
      if (!isGood) this.#trouble += `%!(BAD${name})`;
      return { value: isGood ? Number(given) : undefined, isStarred: true };
    }
    const digits = this.#takeWhile(/\d/);
    if (digits !== "" && isIndexed) this.#isBadIndex = true;
    return { value: digits === "" ? undefined : Number(digits), isStarred: false };
  }
}

function toVerb(flags: string, width: number | undefined, precision: number | undefined): Omit<Verb, "letter"> {
  const isNegative = width !== undefined && width < 0;
  const all = isNegative ? `${flags}-` : flags;
  return { flags: all.includes("-") ? all.replaceAll("0", "") : all, width: isNegative ? -width : width, precision };
}

function describe(value: TemplateValue): string {
  return value === undefined || value === null ? "<nil>" : `${typeOf(value)}=${printValue(value)}`;
}

function formatValue(verb: Verb, value: TemplateValue): string {
  if (value === undefined || value === null) return formatNil(verb);
  if (verb.letter === "T") return pad(typeOf(value), verb);
  if (typeof value === "boolean") return "tv".includes(verb.letter) ? pad(String(value), verb) : bad(verb, value);
  if (typeof value === "number") return formatFloat(verb, value);
  if (typeof value === "string") return formatText(verb, value);
  const whole = wholeOf(value);
  return whole === undefined ? formatCompound(verb, value) : formatWhole(verb, { value, whole });
}

function formatNil(verb: Verb): string {
  return "vT".includes(verb.letter) ? pad("<nil>", { ...verb, flags: verb.flags.replaceAll("0", "") }) : `%!${verb.letter}(<nil>)`;
}

/** The value as %v has it, in the width that was asked for (`go`: badVerb). */
function bad(verb: Verb, value: TemplateValue): string {
  return `%!${verb.letter}(${typeOf(value)}=${formatValue({ ...verb, letter: "v", precision: undefined }, value)})`;
}

function formatText(verb: Verb, text: string): string {
  const { letter, flags, precision } = verb;
  const cut = precision === undefined ? text : [...text].slice(0, precision).join("");
  switch (letter) {
    case "v":
      return pad(flags.includes("#") ? quoteText(text, { ...verb, flags: "" }) : cut, verb);
    case "s":
      return pad(cut, verb);
    case "q":
      return pad(quoteText(cut, verb), verb);
    case "x":
    case "X":
      return pad(toHexText(toGoBytes(text).subarray(0, precision), verb), verb);
    default:
      return bad(verb, text);
  }
}

function toHexText(bytes: Buffer, { flags, letter }: Verb): string {
  if (bytes.length === 0) return "";
  const prefix = flags.includes("#") ? "0x" : "";
  const digits = flags.includes(" ")
    ? [...bytes].map((byte) => prefix + byte.toString(16).padStart(2, "0")).join(" ")
    : prefix + bytes.toString("hex");
  return letter === "X" ? digits.toUpperCase() : digits;
}

const bases: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatWhole(verb: Verb, { value, whole }: { readonly value: TemplateValue; readonly whole: bigint }): string {
  const { letter, flags } = verb;
  if (letter === "c") return pad(toRune(whole), verb);
  if (letter === "q") return pad(quoteRune(toRune(whole), flags), verb);
  if (letter === "U") return pad(toCodePoint(whole, verb), { ...verb, flags: flags.replaceAll("0", "") });
  if (letter === "v" && flags.includes("#") && typeOf(value) === "uint64") return formatWhole({ ...verb, letter: "x" }, { value, whole });
  const base = bases[letter];
  if (base === undefined) return bad(verb, value);
  return padNumber(toDigits(verb, { whole, base }), { ...verb, flags: verb.precision === undefined ? flags : flags.replaceAll("0", "") });
}

function toDigits(
  { letter, flags, precision, width }: Verb,
  { whole, base }: { readonly whole: bigint; readonly base: number },
): { readonly sign: string; readonly digits: string } {
  const sign = whole < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const magnitude = whole < 0n ? -whole : whole;
  if (precision === 0 && whole === 0n) return { sign: "", digits: "" };
  const least = precision ?? (flags.includes("0") && width !== undefined ? width - sign.length : 0);
  const digits = magnitude.toString(base).padStart(least, "0");
  return { sign, digits: toPrefix({ letter, flags }, digits) + (letter === "X" ? digits.toUpperCase() : digits) };
}

function toPrefix({ letter, flags }: Pick<Verb, "flags" | "letter">, digits: string): string {
  if (letter === "O") return "0o";
  if (!flags.includes("#")) return "";
  if (letter === "o") return digits.startsWith("0") ? "" : "0";
  return { b: "0b", x: "0x", X: "0X" }[letter] ?? "";
}

const replacement = "\u{fffd}";

/** What is no letter is the sign for that. */
function toRune(whole: bigint): string {
  const codePoint = Number(whole);
  return isCharacter(codePoint) ? String.fromCodePoint(codePoint) : replacement;
}

function toCodePoint(whole: bigint, { flags, precision }: Verb): string {
  const digits = BigInt.asUintN(64, whole)
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, precision ?? 0), "0");
  const isShown = flags.includes("#") && whole >= 0n && whole <= 0x10ffffn;
  return `U+${digits}${isShown ? ` '${toRune(whole)}'` : ""}`;
}

function formatFloat(verb: Verb, value: number): string {
  const text = formatGoFloat(value, verb);
  if (text === undefined) return bad(verb, value);
  const [, sign = "", digits = ""] = /^([-+ ]?)([^]*)$/.exec(text) ?? [];
  const isPlain = Number.isFinite(value);
  return padNumber({ sign, digits }, isPlain ? verb : { ...verb, flags: verb.flags.replaceAll("0", "") });
}

function formatCompound(verb: Verb, value: TemplateValue): string {
  const inner = (item: TemplateValue): string => (item === undefined || item === null ? nilInside(verb) : formatValue(verb, item));
  const isSource = verb.letter === "v" && verb.flags.includes("#");
  if (isTemplateList(value)) {
    const items = value.map(inner);
    return isSource ? `${typeOf(value)}{${items.join(", ")}}` : `[${items.join(" ")}]`;
  }
  if (isTemplateMap(value)) {
    const items = sortedEntries(value).map(([key, item]) => `${formatValue(verb, key)}:${inner(item)}`);
    return isSource ? `${typeOf(value)}{${items.join(", ")}}` : `map[${items.join(" ")}]`;
  }
  if (value instanceof TemplateNil) return formatTypedNil(verb, value);
  if (value instanceof TemplateObject && value.text !== undefined && "svqxX".includes(verb.letter)) return formatText(verb, value.text);
  if (!(value instanceof TemplateObject) || (verb.letter === "v" && value.text !== undefined)) return pad(printValue(value), verb);
  return `${value.type.startsWith("*") ? "&" : ""}{${Object.values(value.fields).map(inner).join(" ")}}`;
}

function formatTypedNil(verb: Verb, { type, isText }: TemplateNil): string {
  return verb.letter === "v" || (isText && "sqxX".includes(verb.letter)) ? "<nil>" : `%!${verb.letter}(${type}=<nil>)`;
}

/** A nil among others is written the same by all verbs but %#v (`go`: printValue). */
function nilInside(verb: Verb): string {
  return verb.letter === "v" && verb.flags.includes("#") ? "interface {}(nil)" : "<nil>";
}

function padNumber({ sign, digits }: { readonly sign: string; readonly digits: string }, verb: Verb): string {
  const missing = (verb.width ?? 0) - sign.length - digits.length;
  return verb.flags.includes("0") && missing > 0 ? sign + "0".repeat(missing) + digits : pad(sign + digits, verb);
}

function pad(text: string, { flags, width = 0 }: Pick<Verb, "flags" | "width">): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  return (flags.includes("0") ? "0" : " ").repeat(missing) + text;
}
