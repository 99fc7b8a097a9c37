/** A fenced block of a Markdown text. */
export interface FencedBlock {
  /** The word behind the fence. */
  readonly language: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/** Finds the fenced blocks of a Markdown text, those inside list items included. */
export function findFencedBlocks(markdown: string): readonly FencedBlock[] {
  return [...markdown.matchAll(/^( *)```(\w+)\n([^]*?)^\1```$/gm)].map(({ 1: indent = "", 2: language = "", 3: body = "", index }) => ({
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    line: markdown.slice(0, index).split("\n").length,
  }));
}
