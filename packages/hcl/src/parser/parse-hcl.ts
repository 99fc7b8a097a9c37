import { checkLayout } from "./check-layout.ts";
import { toBody } from "./convert-body.ts";
import { explainSyntaxError } from "./explain-syntax-error.ts";
import type { Body } from "../syntax/expression.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import { maskSource } from "./mask-source.ts";
import { findSyntaxError, findTooDeep, loadGrammar } from "./syntax-tree.ts";
import type { ParseTree } from "./syntax-tree.ts";
import type { LoadWasm } from "./wasm-assets.ts";

/** Parses HCL text; rejects with a HclError that has the position. */
export type ParseHcl = (source: SourceFile) => Promise<Body>;

/** Loads the parser once; what it returns parses any number of texts. */
export async function createHclParser(load: LoadWasm, source: SourceFile): Promise<ParseHcl> {
  const parseTree = await loadGrammar(load, source);
  return (file) => parseWith(parseTree, file, load);
}

async function parseWith(parseTree: ParseTree, file: SourceFile, load: LoadWasm): Promise<Body> {
  const source = { name: file.name, text: file.text.replace(/^\uFEFF/, "") };
  using tree = parseTree({ name: source.name, text: maskSource(source.text) });
  const deepPosition = findTooDeep(tree.root);
  if (deepPosition !== undefined) throw new HclError("nested too deeply to be a job", { code: "syntax", source, position: deepPosition });
  const errorPosition = findSyntaxError(tree.root);
  if (errorPosition !== undefined) throw await explainSyntaxError(source, errorPosition, load);
  const context = { source };
  checkLayout(tree.root, context);
  return toBody(tree.root, context);
}
