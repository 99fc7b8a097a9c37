import type { Position } from "@driver/nomad-plugin";
import { toPlainText } from "./escape-marks.ts";

/** A named text that positions refer to: a job file, a variable file, or a value given on the command line. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** What is wrong with a job file. */
export type JobFileErrorCode =
  /** The file cannot be read, or it is no job file at all. */
  | "not-a-job"
  /** The text is not HCL (or not JSON). */
  | "syntax"
  /** An expression cannot be evaluated. */
  | "evaluation"
  /** A variable is undeclared, unset, or has a value of the wrong type. */
  | "variable"
  /** A key or block is unknown, missing, or has a wrong value. */
  | "invalid"
  /** Nomad knows it, this host cannot do it. */
  | "unsupported"
  /** A part of the parser could not be loaded. */
  | "parser-missing";

export interface JobFileErrorOptions {
  readonly code: JobFileErrorCode;
  readonly source: SourceFile;
  readonly position?: Position | undefined;
  readonly cause?: unknown;
}

/** The one error of reading a job: says file, line and column, and shows the line. */
export class JobFileError extends Error {
  override readonly name = "JobFileError";
  readonly code: JobFileErrorCode;
  readonly file: string;
  /** Absent when the file as a whole is meant. */
  readonly position: Position | undefined;
  /** The source line with a caret below the column; empty without a position. */
  readonly excerpt: string;

  constructor(message: string, options: JobFileErrorOptions) {
    super(toPlainText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.file = options.source.name;
    this.position = options.position;
    this.excerpt = options.position === undefined ? "" : toExcerpt(options.source.text, options.position);
  }

  /** `file:line:column: message`, then the source line and a caret. */
  format(): string {
    const place = this.position === undefined ? "" : `:${this.position.line}:${this.position.column}`;
    const head = `${this.file}${place}: ${this.message}`;
    return this.excerpt === "" ? head : `${head}\n${this.excerpt}`;
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
