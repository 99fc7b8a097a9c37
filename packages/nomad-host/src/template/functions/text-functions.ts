import { createHash, createHmac } from "node:crypto";

import { toLowerText, toUpperText, trimBlanks } from "@driver/hcl";

import { isGoPattern } from "../../pattern/is-go-pattern.ts";
import { fromGoBytes, toGoBytes } from "../go-bytes.ts";
import type { TemplateFunction } from "../render-template.ts";
import { UniformMap } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { wantCount, wantText, wantTexts, wantWhole } from "./arguments.ts";
import { toTitleWords } from "./title-words.ts";

/** A function of texts alone. */
function ofTexts(count: number, apply: (...texts: readonly string[]) => TemplateValue): TemplateFunction {
  return (...values) => {
    wantCount(values, count);
    return apply(...values.map(wantText));
  };
}

/** The text functions of consul-template; what is piped in comes last. */
export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  base64Encode: ofTexts(1, (text = "") => toGoBytes(text).toString("base64")),
  base64Decode: ofTexts(1, (text = "") => decodeBase64(text, /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)),
  base64URLEncode: ofTexts(1, (text = "") => toPadded(toGoBytes(text).toString("base64url"))),
  base64URLDecode: ofTexts(1, (text = "") => decodeBase64(text, /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/)),
  toLower: ofTexts(1, (text = "") => toLowerText(text.toWellFormed())),
  toUpper: ofTexts(1, (text = "") => toUpperText(text.toWellFormed())),
  toTitle: ofTexts(1, toTitleWords),
  trimSpace: ofTexts(1, (text = "") => trimBlanks(text)),
  trim: ofTexts(2, (signs = "", text = "") => trimSigns(text, signs)),
  trimPrefix: ofTexts(2, (prefix = "", text = "") => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: ofTexts(2, (suffix = "", text = "") => (suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text)),
  replaceAll: ofTexts(3, (from = "", to = "", text = "") => text.replaceAll(from, () => to)),
  regexMatch: ofTexts(2, (pattern = "", text = "") => toRegExp(pattern).test(text)),
  regexReplaceAll: ofTexts(3, (pattern = "", to = "", text = "") => text.replaceAll(toRegExp(pattern, "g"), toReplacement(to))),
  split: ofTexts(2, (separator = "", text = "") => splitTrimmed(trimBlanks(text), separator)),
  join: (...values) => {
    wantCount(values, 2);
    return wantTexts(values[1]).join(wantText(values[0]));
  },
  splitToMap: ofTexts(3, (between = "", within = "", text = "") => toMap(trimBlanks(text), { between, within })),
  indent: (...values) => {
    wantCount(values, 2);
    const width = Number(wantWhole(values[0]));
    if (width < 0) throw new Error("indent value must be a positive integer");
    return wantText(values[1]).replaceAll(/^(?=[^\n])/gm, " ".repeat(width));
  },
  sha256Hex: ofTexts(1, (text = "") => createHash("sha256").update(toGoBytes(text)).digest("hex")),
  md5sum: ofTexts(1, (text = "") => createHash("md5").update(toGoBytes(text)).digest("hex")),
  hmacSHA256Hex: ofTexts(2, (message = "", key = "") => createHmac("sha256", toGoBytes(key)).update(toGoBytes(message)).digest("hex")),
};

function splitTrimmed(text: string, separator: string): readonly string[] {
  return text === "" ? [] : splitGo(text, separator);
}

function splitGo(text: string, separator: string): readonly string[] {
  return separator === "" ? [...text] : text.split(separator);
}

function toPadded(text: string): string {
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

function decodeBase64(text: string, form: RegExp): string {
  const packed = text.replaceAll(/[\r\n]/g, "");
  if (!form.test(packed)) throw new Error("illegal base64 data");
  return fromGoBytes(Buffer.from(packed, packed.includes("-") || packed.includes("_") ? "base64url" : "base64"));
}

/** Any byte that is no letter counts as the sign for that (`go`: strings.Trim). */
function trimSigns(text: string, signs: string): string {
  const letters = [...text];
  const trimmed = signs.toWellFormed();
  const isKept = (letter: string): boolean => !trimmed.includes(letter.toWellFormed());
  const first = letters.findIndex(isKept);
  return first < 0 ? "" : letters.slice(first, letters.findLastIndex(isKept) + 1).join("");
}

function toMap(text: string, { between, within }: { readonly between: string; readonly within: string }): TemplateValue {
  const pairs = text === "" ? [] : splitGo(text, between).filter((part) => part.includes(within));
  const split = pairs.map((part) => [part.slice(0, part.indexOf(within)), part.slice(part.indexOf(within) + within.length)] as const);
  return new UniformMap(split, { empty: "", type: "map[string]string" });
}

/** Go's regular expressions, as far as the two languages are one; flags at the start, and `(?P<name>`. */
function toRegExp(pattern: string, flags = ""): RegExp {
  if (!isGoPattern(pattern)) throw new Error(`${JSON.stringify(pattern)} is no regular expression`);
  const [, own = "", rest = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
  const translated = rest.replaceAll("(?P<", "(?<").replaceAll("\\z", "$(?![\\s\\S])").replaceAll("\\A", "^");
  try {
    return new RegExp(translated, `u${flags}${own}`);
  } catch (error) {
    throw new Error(`${JSON.stringify(pattern)} is no regular expression that \`run\` knows`, { cause: error });
  }
}

/** `$1`, `${1}` and `$name`; `$$` is a dollar. A name goes as far as it can. */
function toReplacement(to: string): (whole: string, ...found: unknown[]) => string {
  return (whole, ...found) => {
    const last = found.at(-1);
    const names: Readonly<Record<string, unknown>> = typeof last === "object" && last !== null ? { ...last } : {};
    return to.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_sign, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return "$";
      const value = name === "0" ? whole : /^\d+$/.test(name) ? found[Number(name) - 1] : names[name];
      return typeof value === "string" ? value : "";
    });
  };
}
