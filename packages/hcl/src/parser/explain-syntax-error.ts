import type { Position } from "../value/position.ts";
import { askHashicorpParser, verdictFileName } from "./hashicorp-parser.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { LoadWasm } from "./wasm-assets.ts";

/**
 * The error for a text that does not fit the grammar, in HashiCorp's words where their parser can be asked.
 * `position` is where the grammar stopped.
 */
export async function explainSyntaxError(source: SourceFile, position: Position, load: LoadWasm): Promise<HclError> {
  const verdict = await askHashicorpParser(source.text, load);
  if (verdict.kind === "refused") {
    const diagnostic = parseFirstDiagnostic(verdict.text);
    if (diagnostic !== undefined) return new HclError(diagnostic.message, { code: "syntax", source, position: diagnostic.position });
  }
  const message =
    verdict.kind === "valid"
      ? "this HCL is valid, but cannot be read here; if a key in parentheses follows, put a comma before its line"
      : "this is not valid HCL";
  return new HclError(message, { code: "syntax", source, position });
}

/** The first of `parse config: [source:1,5-2,1: Summary; Detail. source:…]`. */
export function parseFirstDiagnostic(text: string): { readonly message: string; readonly position: Position } | undefined {
  const start = new RegExp(`\\b${verdictFileName}:(\\d+),(\\d+)-(?:\\d+,)?\\d+: `, "g");
  const [first, second] = [...text.matchAll(start)];
  if (first === undefined) return undefined;
  const body = text
    .slice(first.index + first[0].length, second?.index)
    .trim()
    .replace(/\.?\]?$/, "");
  const [summary = "", ...details] = body.split("; ");
  const message = [summary, details.join("; ")].filter((part) => part !== "").join(": ");
  return { message, position: { line: Number(first[1]), column: Number(first[2]) } };
}
