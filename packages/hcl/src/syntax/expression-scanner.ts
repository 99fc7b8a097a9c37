import { HclError } from "../error/hcl-error.ts";
import type { SourceFile } from "../error/source-error.ts";
import { placeAt, type Position } from "../value/position.ts";

const blanks = "(?:\\s|#[^\\n]*|//[^\\n]*|/\\*[^]*?\\*/)*";
const lineEnd = "(?:[^\\S\\n]|/\\*[^]*?\\*/)*(?:(?:#|//)[^\\n]*)?\\n";

/** Walks over a short expression, token by token. */
export class ExpressionScanner {
  readonly source: SourceFile;
  #offset = 0;

  constructor(source: SourceFile) {
    this.source = source;
  }

  /** Consumes `token`, and blanks before it, if it comes next. */
  take(token: string): boolean {
    const offset = this.#next;
    if (!this.source.text.startsWith(token, offset)) return false;
    this.#offset = offset + token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.failure(`expected ${token}`);
  }

  /** Consumes what `pattern` matches next, and blanks before it. */
  match(pattern: string): string | undefined {
    const offset = this.#next;
    const found = this.#find(pattern, offset);
    if (found !== undefined) this.#offset = offset + found.length;
    return found;
  }

  /** Consumes the end of a line, with a comment before it, if it comes next. */
  takeNewline(): boolean {
    const end = this.#find(lineEnd, this.#offset);
    this.#offset += end?.length ?? 0;
    return end !== undefined;
  }

  expectEnd(): void {
    if (this.#next < this.source.text.length) throw this.failure("expected the end");
  }

  /** Line and column at which the next token begins. */
  get position(): Position {
    return placeAt(this.source.text, this.#next);
  }

  failure(problem: string): HclError {
    return new HclError(problem, { code: "syntax", source: this.source, position: this.position });
  }

  /** Where the next token begins. */
  get #next(): number {
    return this.#offset + (this.#find(blanks, this.#offset)?.length ?? 0);
  }

  #find(pattern: string, offset: number): string | undefined {
    const sticky = new RegExp(pattern, "uy");
    sticky.lastIndex = offset;
    return sticky.exec(this.source.text)?.[0];
  }
}
