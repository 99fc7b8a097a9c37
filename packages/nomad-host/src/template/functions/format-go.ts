import { printFloat, printValue, typeOf } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";

const verbs = /%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?([a-zA-Z%])/g;

interface Verb {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly letter: string;
}

/** Go's `Sprintf` for the verbs that templates use: v s q d x X o b c f e g t and %. */
export function formatGo(format: string, values: readonly TemplateValue[]): string {
  let at = 0;
  const take = (given: string | undefined): number | undefined => (given === "*" ? Number(values[at++]) : toCount(given));
  const text = format.replaceAll(verbs, (whole: string, ...groups: readonly (string | undefined)[]) => {
    const [flags = "", width, precision, letter = ""] = groups;
    if (letter === "%") return "%";
    const verb = { flags, letter, width: take(width) ?? 0, precision: whole.includes(".") ? (take(precision) ?? 0) : undefined };
    if (at >= values.length) return `%!${letter}(MISSING)`;
    const value = values[at++];
    return pad(formatVerb(verb, value), verb, value);
  });
  const extra = values.slice(at).map((value) => `${goType(value)}=${printValue(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

function toCount(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

function formatVerb(verb: Verb, value: TemplateValue): string {
  const { letter, flags, precision } = verb;
  switch (letter) {
    case "v":
      return typeof value === "bigint" || typeof value === "number" ? signed(printValue(value), flags) : printValue(value);
    case "s":
      return typeof value === "bigint" || typeof value === "number" || typeof value === "boolean"
        ? bad(verb, value)
        : cut(printValue(value), precision);
    case "q":
      return typeof value === "string" ? JSON.stringify(value) : bad(verb, value);
    case "t":
      return typeof value === "boolean" ? String(value) : bad(verb, value);
    case "x":
    case "X":
      return upperIf(letter === "X", toHex(verb, value));
    case "d":
    case "o":
    case "b":
    case "c":
      return typeof value === "bigint" ? signed(toBase(letter, value), flags) : bad(verb, value);
    case "f":
    case "F":
    case "e":
    case "g":
      return typeof value === "number" ? signed(toFloat(letter, value, precision), flags) : bad(verb, value);
    default:
      return bad(verb, value);
  }
}

function toBase(letter: string, value: bigint): string {
  if (letter === "c") return String.fromCodePoint(Number(value));
  return value.toString({ d: 10, o: 8, b: 2 }[letter] ?? 10);
}

function toHex(verb: Verb, value: TemplateValue): string {
  if (typeof value === "bigint") return signed(value.toString(16), verb.flags);
  return typeof value === "string" ? Buffer.from(value).toString("hex") : bad(verb, value);
}

function toFloat(letter: string, value: number, precision: number | undefined): string {
  if (letter === "g") return precision === undefined ? printFloat(value) : printFloat(Number(value.toPrecision(Math.max(1, precision))));
  if (letter !== "e") return value.toFixed(precision ?? 6);
  return value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
}

function signed(text: string, flags: string): string {
  if (text.startsWith("-")) return text;
  return flags.includes("+") ? `+${text}` : flags.includes(" ") ? ` ${text}` : text;
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join("");
}

function upperIf(isUpper: boolean, text: string): string {
  return isUpper ? text.toUpperCase() : text;
}

function pad(text: string, { flags, width }: Verb, value: TemplateValue): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  const isNumber = typeof value === "bigint" || typeof value === "number";
  if (!flags.includes("0") || !isNumber) return " ".repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function bad({ letter }: Verb, value: TemplateValue): string {
  return `%!${letter}(${goType(value)}=${printValue(value)})`;
}

function goType(value: TemplateValue): string {
  return value === undefined || value === null ? "<nil>" : typeOf(value);
}
