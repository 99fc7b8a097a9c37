/** What is wrong in a template, with the line in its text, counted from 1. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly line: number;

  constructor(message: string, line: number, options?: ErrorOptions) {
    super(message, options);
    this.line = line;
  }
}
