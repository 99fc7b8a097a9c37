/** Walks over the small HCL expressions that occur in a schema: type expressions and literals. */
export class ExpressionScanner {
  readonly #source: string;
  #offset = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Consumes `token` if it comes next. */
  take(token: string): boolean {
    this.#skipBlanks();
    if (!this.#source.startsWith(token, this.#offset)) return false;
    this.#offset += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.failure(`expected ${token}`);
  }

  /** Consumes what `pattern` (sticky) matches next. */
  match(pattern: RegExp): string | undefined {
    this.#skipBlanks();
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }

  expectEnd(): void {
    this.#skipBlanks();
    if (this.#offset < this.#source.length) throw this.failure("expected the end");
  }

  failure(problem: string): SyntaxError {
    return new SyntaxError(`schema expression ${JSON.stringify(this.#source)}: ${problem} at offset ${this.#offset}`);
  }

  #skipBlanks(): void {
    const blanks = /(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
    blanks.lastIndex = this.#offset;
    this.#offset += blanks.exec(this.#source)?.[0].length ?? 0;
  }
}
