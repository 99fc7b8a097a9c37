import type { Position } from "../value/position.ts";

/** A named text that positions refer to: a file, or a value given on the command line. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** Where an error belongs. */
export interface SourceErrorOptions {
  readonly source: SourceFile;
  /** Absent when the file as a whole is meant. */
  readonly position?: Position | undefined;
  readonly cause?: unknown;
}

/** An error of something that was read from a text: says file, line and column, and shows the line. */
export class SourceError extends Error {
  override readonly name: string = "SourceError";
  readonly source: SourceFile;
  /** Absent when the file as a whole is meant. */
  readonly position: Position | undefined;

  constructor(message: string, options: SourceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.source = options.source;
    this.position = options.position;
  }

  /** The name of the text. */
  get file(): string {
    return this.source.name;
  }

  /** The source line with a caret below the column; empty without a position. */
  get excerpt(): string {
    return this.position === undefined ? "" : toExcerpt(this.source.text, this.position);
  }

  /** `file:line:column: message`, then the source line and a caret. */
  format(): string {
    const place = this.position === undefined ? "" : `:${this.position.line}:${this.position.column}`;
    const head = `${this.file}${place}: ${this.message}`;
    const { excerpt } = this;
    return excerpt === "" ? head : `${head}\n${excerpt}`;
  }
}

/** Longer lines are cut on both sides of the column. */
const maxLineLength = 160;

/** The line a position points at and a caret below it; tabs are kept so that the caret stays in place. */
export function toExcerpt(text: string, position: Position): string {
  const line = text.split("\n", position.line)[position.line - 1]?.replace(/\r$/, "");
  if (line === undefined) return "";
  const start = position.column > maxLineLength / 2 && line.length > maxLineLength ? position.column - maxLineLength / 2 : 0;
  const before = (start > 0 ? "…" : "") + line.slice(start, position.column - 1);
  const after = line.slice(position.column - 1, start + maxLineLength) + (line.length > start + maxLineLength ? "…" : "");
  const number = String(position.line);
  return `${number} | ${before}${after}\n${" ".repeat(number.length)} | ${before.replace(/[^\t]/g, " ")}^`;
}
