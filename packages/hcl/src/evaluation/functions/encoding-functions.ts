import { createHash } from "node:crypto";
import type { HclValue } from "../../value/hcl-value.ts";
import { encodeJson, parseJsonValue } from "../../value/json-value.ts";
import { textArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable, HclFunction } from "./hcl-function.ts";

export const encodingFunctions: FunctionTable = {
  jsonencode: { min: 1, max: 1, apply: (args, context) => jsonText(args[0] ?? null, context) },
  jsondecode: { min: 1, max: 1, apply: decodeJson },
  base64encode: { min: 1, max: 1, apply: (args, context) => Buffer.from(textArgument(args, 0, context)).toString("base64") },
  base64decode: { min: 1, max: 1, apply: decodeBase64 },
  urlencode: { min: 1, max: 1, apply: (args, context) => encodeQuery(textArgument(args, 0, context)) },
  md5: hashFunction("md5"),
  sha1: hashFunction("sha1"),
  sha256: hashFunction("sha256"),
  sha512: hashFunction("sha512"),
};

function hashFunction(algorithm: string): HclFunction {
  return {
    min: 1,
    max: 1,
    apply: (args, context) =>
      createHash(algorithm)
        .update(textArgument(args, 0, context))
        .digest("hex"),
  };
}

/** A value as JSON; throws for an infinite number. */
export function jsonText(value: HclValue, context: CallContext): string {
  const text = encodeJson(value);
  if (text === undefined) throw context.fail("JSON has no form for an infinite number");
  return text;
}

function decodeJson(args: readonly HclValue[], context: CallContext): HclValue {
  const parsed = parseJsonValue(textArgument(args, 0, context));
  if (!parsed.ok) throw context.fail(`this is not JSON: ${parsed.message}`);
  return parsed.value;
}

function decodeBase64(args: readonly HclValue[], context: CallContext): HclValue {
  const text = textArgument(args, 0, context);
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw context.fail("this is not base64");
  const bytes = Buffer.from(text, "base64");
  const decoded = bytes.toString("utf8");
  if (!Buffer.from(decoded).equals(bytes)) throw context.fail("the decoded bytes are not UTF-8 text");
  return decoded;
}

/** As Go escapes a query: a space becomes +, and more signs are escaped than encodeURIComponent does. */
function encodeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
