import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { HclValue } from "../value/hcl-value.ts";
import type { Expression } from "./expression.ts";
import { parseConstant } from "./parse-constant.ts";

/** The value of a text that is a literal: a string, number, bool, null, or a list or object of them. Throws an HclError for others. */
export function readConstant(source: SourceFile): HclValue {
  return valueOf(parseConstant(source), source);
}

function valueOf(expression: Expression, source: SourceFile): HclValue {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "tuple":
      return expression.items.map((item) => valueOf(item, source));
    case "object":
      return Object.fromEntries(expression.entries.map(({ key, value }) => [String(valueOf(key, source)), valueOf(value, source)]));
    default:
      throw new HclError("expected a literal value", { code: "evaluation", source, position: expression.position });
  }
}
