import { checkLayout } from "./check-layout.ts";
import { toBody } from "./convert-body.ts";
import { explainSyntaxError } from "./explain-syntax-error.ts";
import type { Body } from "./expression.ts";
import type { SourceFile } from "./job-file-error.ts";
import { maskSource } from "./mask-source.ts";
import { findSyntaxError, loadGrammar } from "./syntax-tree.ts";
import type { ParseTree } from "./syntax-tree.ts";
import type { LoadWasm } from "./wasm-assets.ts";

/** Parses HCL text; rejects with a JobFileError that has the position. */
export type ParseHcl = (source: SourceFile) => Promise<Body>;

/** Loads the parser once; what it returns parses any number of texts. */
export async function createHclParser(load: LoadWasm, source: SourceFile): Promise<ParseHcl> {
  const parseTree = await loadGrammar(load, source);
  return (file) => parseWith(parseTree, file, load);
}

async function parseWith(parseTree: ParseTree, file: SourceFile, load: LoadWasm): Promise<Body> {
  const source = { name: file.name, text: file.text.replace(/^\uFEFF/, "") };
  using tree = parseTree({ name: source.name, text: maskSource(source.text) });
  const errorPosition = findSyntaxError(tree.root);
  if (errorPosition !== undefined) throw await explainSyntaxError(source, errorPosition, load);
  const context = { source, depth: 0 };
  checkLayout(tree.root, context);
  return toBody(tree.root, context);
}
