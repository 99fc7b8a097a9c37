import type { HclValue } from "../../value/hcl-value.ts";
import { describeKind } from "../../value/hcl-value.ts";
import { toLowerText, toTitleText, toUpperText, trimBlanks } from "../../value/go-text.ts";
import { toText } from "../../value/scalar.ts";
import { integerArgument, listArgument, textArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";

export const textFunctions: FunctionTable = {
  upper: { min: 1, max: 1, apply: (args, context) => toUpperText(textArgument(args, 0, context)) },
  lower: { min: 1, max: 1, apply: (args, context) => toLowerText(textArgument(args, 0, context)) },
  title: { min: 1, max: 1, apply: (args, context) => toTitleText(textArgument(args, 0, context)) },
  trim: { min: 2, max: 2, apply: (args, context) => trimCharacters(textArgument(args, 0, context), textArgument(args, 1, context)) },
  trimspace: { min: 1, max: 1, apply: (args, context) => trimBlanks(textArgument(args, 0, context)) },
  trimprefix: { min: 2, max: 2, apply: (args, context) => trimPrefix(textArgument(args, 0, context), textArgument(args, 1, context)) },
  trimsuffix: { min: 2, max: 2, apply: (args, context) => trimSuffix(textArgument(args, 0, context), textArgument(args, 1, context)) },
  chomp: { min: 1, max: 1, apply: (args, context) => textArgument(args, 0, context).replace(/[\r\n]+$/, "") },
  indent: { min: 2, max: 2, apply: indent },
  replace: {
    min: 3,
    max: 3,
    apply: (args, context) =>
      textArgument(args, 0, context).replaceAll(textArgument(args, 1, context), () => textArgument(args, 2, context)),
  },
  split: { min: 2, max: 2, apply: split },
  join: { min: 2, apply: join },
  substr: { min: 3, max: 3, apply: substring },
  strlen: { min: 1, max: 1, apply: (args, context) => toGraphemes(textArgument(args, 0, context)).length },
  strrev: { min: 1, max: 1, apply: (args, context) => reverseText(textArgument(args, 0, context)) },
  // Of texts as well, whatever Nomad's documentation says of lists (`nomad`).
  reverse: { min: 1, max: 1, apply: (args, context) => reverseText(textArgument(args, 0, context)) },
};

/** Characters as a reader counts them (`cty` counts the same way). */
function toGraphemes(text: string): readonly string[] {
  return Array.from(new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text), (part) => part.segment);
}

function trimCharacters(text: string, cutset: string): string {
  const characters = [...text];
  const cut = new Set(cutset);
  const start = characters.findIndex((character) => !cut.has(character));
  return start === -1 ? "" : characters.slice(start, characters.findLastIndex((character) => !cut.has(character)) + 1).join("");
}

function trimPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function trimSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
}

function indent(args: readonly HclValue[], context: CallContext): HclValue {
  const spaces = integerArgument(args, 0, context);
  if (spaces < 0 || spaces > 1000) throw context.fail("argument 1 must be from 0 to 1000");
  return textArgument(args, 1, context).replaceAll("\n", `\n${" ".repeat(spaces)}`);
}

function split(args: readonly HclValue[], context: CallContext): HclValue {
  const separator = textArgument(args, 0, context);
  const text = textArgument(args, 1, context);
  return separator === "" ? [...text] : text.split(separator);
}

function join(args: readonly HclValue[], context: CallContext): HclValue {
  const items = args.slice(1).flatMap((_, index) => [...listArgument(args, index + 1, context)]);
  const texts = items.map((item) => {
    const text = toText(item);
    if (text === undefined) throw context.fail(`the lists must hold strings, but have ${describeKind(item)}`);
    return text;
  });
  return texts.join(textArgument(args, 0, context));
}

/** A negative offset counts from the end, length -1 means up to the end. */
function substring(args: readonly HclValue[], context: CallContext): HclValue {
  const graphemes = toGraphemes(textArgument(args, 0, context));
  const offset = integerArgument(args, 1, context);
  const length = integerArgument(args, 2, context);
  const start = offset < 0 ? Math.max(0, graphemes.length + offset) : offset;
  return graphemes.slice(start, length < 0 ? undefined : start + length).join("");
}

function reverseText(text: string): string {
  return toGraphemes(text).toReversed().join("");
}
