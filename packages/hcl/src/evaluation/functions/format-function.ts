import type { HclValue } from "../../value/hcl-value.ts";
import { decimalOf } from "../../value/decimal.ts";
import { describeKind, isList, isNumber } from "../../value/hcl-value.ts";
import { formatNumber, toBool, toNumber, toText } from "../../value/scalar.ts";
import { jsonText } from "./encoding-functions.ts";
import { formatFloat } from "./format-float.ts";
import { textArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";

export const formatFunctions: FunctionTable = {
  format: { min: 1, apply: (args, context) => formatText(textArgument(args, 0, context), args.slice(1), context) },
  formatlist: { min: 1, apply: formatList },
};

interface Verb {
  readonly letter: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly whole: string;
}

/** Far beyond any column of text. */
const maxWidth = 1000;

/** Go's verbs %s %d %v %q %t %x %X %o %b %e %f %g and %%, with the flags `-`, `+`, space and `0`, a width and a precision. */
function formatText(format: string, args: readonly HclValue[], context: CallContext): string {
  const pattern = /%(?<flags>[-+ #0]*)(?<width>\d+)?(?:\.(?<precision>\d+))?(?:\[(?<position>\d+)\])?(?<letter>[\s\S]|$)/g;
  const used = new Set<number>();
  let text = "";
  let from = 0;
  let next = 0;
  for (const match of format.matchAll(pattern)) {
    const { flags = "", width = "0", precision, position, letter = "" } = match.groups ?? {};
    text += format.slice(from, match.index);
    from = match.index + match[0].length;
    if (letter === "%") {
      text += "%";
      continue;
    }
    const index = position === undefined ? next : Number(position) - 1;
    const value = args[index];
    if (Math.max(Number(width), Number(precision ?? 0)) > maxWidth)
      throw context.fail(`${match[0]}: width and precision go up to ${maxWidth}`);
    if (value === undefined) throw context.fail(`no argument for ${match[0]}; there are ${args.length} after the format`);
    text += formatVerb(
      { letter, flags, width: Number(width), precision: precision === undefined ? undefined : Number(precision), whole: match[0] },
      value,
      context,
    );
    used.add(index);
    next = index + 1;
  }
  const unused = args.findIndex((_, index) => !used.has(index));
  if (unused !== -1) throw context.fail(`argument ${unused + 2} is not used by the format`);
  return text + format.slice(from);
}

function formatVerb(verb: Verb, value: HclValue, context: CallContext): string {
  switch (verb.letter) {
    case "v":
      return pad(verb, formatAny(verb, value, context));
    case "s":
    case "q":
      return pad(verb, formatString(verb, value, context));
    case "t": {
      const bool = toBool(value);
      if (bool === undefined) throw wrongKind(verb, value, "true or false", context);
      return pad(verb, String(bool));
    }
    case "d":
    case "x":
    case "X":
    case "o":
    case "b":
      return pad(verb, formatInteger(verb, value, context));
    case "e":
    case "E":
    case "f":
    case "g":
    case "G": {
      const number = toNumber(value);
      if (number === undefined) throw wrongKind(verb, value, "a number", context);
      const decimal = decimalOf(number);
      return pad(verb, withSign(verb, decimal === undefined ? formatNumber(number) : formatFloat(decimal, verb.letter, verb.precision)));
    }
    default:
      throw context.fail(`verb ${verb.whole} is not supported; known are %s, %d, %v, %q, %t, %x, %X, %o, %b, %e, %E, %f, %g, %G and %%`);
  }
}

function formatAny(verb: Verb, value: HclValue, context: CallContext): string {
  if (verb.flags.includes("#")) return jsonText(value, context);
  if (isNumber(value)) return withSign(verb, formatShortest(value));
  return toText(value) ?? jsonText(value, context);
}

/** Go's shortest form of a number: with an exponent from 10^6 on and below 10^-4. */
function formatShortest(value: number | bigint): string {
  const [mantissa = "", exponentText = ""] = (typeof value === "bigint" ? toExponential(value) : value.toExponential()).split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return formatNumber(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function toExponential(value: bigint): string {
  const [, sign = "", digits = ""] = /^(-?)(\d+)$/.exec(value.toString()) ?? [];
  const fraction = digits.slice(1).replace(/0+$/, "");
  return `${sign}${digits.slice(0, 1)}${fraction === "" ? "" : `.${fraction}`}e${digits.length - 1}`;
}

function formatString(verb: Verb, value: HclValue, context: CallContext): string {
  const text = toText(value);
  if (text === undefined) throw wrongKind(verb, value, "a string", context);
  if (verb.letter === "q") return JSON.stringify(text);
  return verb.precision === undefined ? text : [...text].slice(0, verb.precision).join("");
}

function formatInteger(verb: Verb, value: HclValue, context: CallContext): string {
  const number = toNumber(value);
  if (number === undefined || (typeof number === "number" && !Number.isInteger(number)))
    throw wrongKind(verb, value, "a whole number", context);
  const base = { x: 16, X: 16, o: 8, b: 2 }[verb.letter] ?? 10;
  const digits = BigInt(number).toString(base);
  return withSign(verb, verb.letter === "X" ? digits.toUpperCase() : digits);
}

function withSign(verb: Verb, digits: string): string {
  if (digits.startsWith("-")) return digits;
  return verb.flags.includes("+") ? `+${digits}` : verb.flags.includes(" ") ? ` ${digits}` : digits;
}

function pad(verb: Verb, text: string): string {
  const missing = verb.width - [...text].length;
  if (missing <= 0) return text;
  if (verb.flags.includes("-")) return text + " ".repeat(missing);
  if (!verb.flags.includes("0")) return " ".repeat(missing) + text;
  const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function wrongKind(verb: Verb, value: HclValue, wanted: string, context: CallContext) {
  return context.fail(`${verb.whole} needs ${wanted}, not ${describeKind(value)}`);
}

/** Lists among the arguments are gone through together; they must be of one length. */
function formatList(args: readonly HclValue[], context: CallContext): HclValue {
  const format = textArgument(args, 0, context);
  const values = args.slice(1);
  const lengths = values.flatMap((value) => (isList(value) ? [value.length] : []));
  const length = lengths[0] ?? 1;
  if (lengths.some((other) => other !== length)) throw context.fail("the lists are of different lengths");
  return Array.from({ length }, (_, index) =>
    formatText(
      format,
      values.map((value) => (isList(value) ? (value[index] ?? null) : value)),
      context,
    ),
  );
}
