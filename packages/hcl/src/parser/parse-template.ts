import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { Expression, TemplatePart } from "../syntax/expression.ts";
import type { ParseHcl } from "./parse-hcl.ts";

/** Whether a text is anything but itself when it is read as a template. */
export function isTemplateText(text: string): boolean {
  return text.includes("${") || text.includes("%{");
}

/**
 * Parses a text that is a template as a whole, as every string in HCL's JSON form is: no quotes around it, and a backslash
 * is a backslash. Rejects with an HclError, whose position counts from the text's own start.
 */
export async function parseTemplateText(source: SourceFile, parse: ParseHcl): Promise<Expression> {
  const marker = freeMarker(source.text);
  const lead = `x = <<${marker}`;
  const body = await parse({ name: source.name, text: `${lead}\n${source.text}\n${marker}\n` }).catch((error: unknown) => {
    throw error instanceof HclError ? moveUp(error, source) : error;
  });
  const expression = body.attributes[0]?.expression;
  if (expression?.kind === "template") return { ...expression, parts: withoutLastNewline(expression.parts) };
  if (expression?.kind === "literal") return { ...expression, value: String(expression.value).slice(0, -1) };
  throw new HclError("template: cannot be read", { code: "syntax", source });
}

function freeMarker(text: string): string {
  let marker = "END";
  while (text.includes(marker)) marker += "_";
  return marker;
}

function withoutLastNewline(parts: readonly TemplatePart[]): readonly TemplatePart[] {
  const last = parts.at(-1);
  if (last?.kind !== "text") return parts;
  const text = last.text.replace(/\n$/, "");
  return [...parts.slice(0, -1), ...(text === "" ? [] : [{ ...last, text }])];
}

function moveUp(error: HclError, source: SourceFile): HclError {
  const { position } = error;
  const moved = position === undefined ? undefined : { ...position, line: Math.max(1, position.line - 1) };
  return new HclError(error.message, { code: error.code, source, position: moved, cause: error.cause });
}
