/** What is wrong in a template, with the line in its text, counted from 1. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly line: number;
  /** True: the template is right, and asks for what this host does not have. */
  readonly isForeign: boolean;

  constructor(message: string, line: number, options: ErrorOptions & { readonly isForeign?: boolean } = {}) {
    super(message, options);
    this.line = line;
    this.isForeign = options.isForeign ?? false;
  }
}
