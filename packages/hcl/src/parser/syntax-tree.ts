import { messageOf } from "@driver/std";
import { Language, Parser } from "web-tree-sitter";
import type { Node, Tree } from "web-tree-sitter";
import type { Position } from "../value/position.ts";
import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import type { LoadWasm } from "./wasm-assets.ts";

/** A parsed text and the memory it holds outside the JavaScript heap; dispose it when the tree is converted. */
export interface SyntaxTree extends Disposable {
  readonly root: Node;
}

/** Parses text with the HCL grammar. The tree may hold error nodes: see `findSyntaxError`. */
export type ParseTree = (source: SourceFile) => SyntaxTree;

/** Loads the grammar; the parser it returns can be used any number of times. */
export async function loadGrammar(load: LoadWasm, source: SourceFile): Promise<ParseTree> {
  const language = await loadLanguage(load, source);
  return (file) => {
    const parser = new Parser();
    parser.setLanguage(language);
    const tree: Tree | null = parser.parse(file.text);
    parser.delete();
    if (tree === null) throw new HclError("parse: the parser gave up", { code: "syntax", source: file });
    return { root: tree.rootNode, [Symbol.dispose]: () => tree.delete() };
  };
}

async function loadLanguage(load: LoadWasm, source: SourceFile): Promise<Language> {
  try {
    await Parser.init({ wasmBinary: await load("web-tree-sitter.wasm") });
    return await Language.load(await load("tree-sitter-hcl.wasm"));
  } catch (cause) {
    const reason = messageOf(cause);
    throw new HclError(`load the HCL parser: ${reason}`, { code: "parser-missing", source, cause });
  }
}

/** Line and column (1-based, in UTF-16 units) of a node's first character. */
export function positionOf(node: Node): Position {
  return { line: node.startPosition.row + 1, column: node.startPosition.column + 1 };
}

/** A node's children without comments, which the grammar allows anywhere. */
export function childrenOf(node: Node): readonly Node[] {
  return node.children.filter((child) => child.type !== "comment");
}

/** The first place where the text does not fit the grammar; undefined when all of it does. */
export function findSyntaxError(root: Node): Position | undefined {
  if (!root.hasError) return undefined;
  const inner = root.children.find((child) => child.hasError || child.isMissing || child.isError);
  if (inner === undefined || root.isError) return positionOf(root);
  return inner.isMissing || inner.isError ? positionOf(inner) : (findSyntaxError(inner) ?? positionOf(inner));
}

/** Deeper nesting than any job has, and far from the end of the stack of whoever walks down the tree. */
const maxDepth = 1000;

/** The first node that is nested too deeply to be converted; undefined in any sensible text. */
export function findTooDeep(root: Node): Position | undefined {
  const cursor = root.walk();
  try {
    for (;;) {
      if (cursor.currentDepth > maxDepth) return positionOf(cursor.currentNode);
      if (cursor.gotoFirstChild()) continue;
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return undefined;
      }
    }
  } finally {
    cursor.delete();
  }
}
