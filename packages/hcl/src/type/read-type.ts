import type { SourceFile } from "../error/source-error.ts";
import { parseConstant } from "../syntax/parse-constant.ts";
import { toValueType } from "./to-value-type.ts";
import type { ValueType } from "./value-type.ts";

/** The type that a text such as `list(map(string))` says. Throws an HclError for others. */
export function readType(source: SourceFile): ValueType {
  return toValueType(parseConstant(source), source);
}
