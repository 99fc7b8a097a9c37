interface TemplateErrorOptions extends ErrorOptions {
  readonly isForeign?: boolean;
  readonly further?: readonly TemplateError[];
}

/** What is wrong in a template, with the line in its text, counted from 1. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly line: number;
  /** True: the template is right, and asks for what this host does not have. */
  readonly isForeign: boolean;
  /** More mistakes that were found with this one, in their order. */
  readonly further: readonly TemplateError[];

  constructor(message: string, line: number, options: TemplateErrorOptions = {}) {
    super(message, options);
    this.line = line;
    this.isForeign = options.isForeign ?? false;
    this.further = options.further ?? [];
  }
}
