import type { TemplateValue } from "./template-value.ts";

/** A part of a parsed template. */
export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      /** Of `else`. */
      readonly other: readonly TemplateNode[];
    }
  | { readonly kind: "break" | "continue"; readonly line: number }
  | { readonly kind: "template"; readonly name: string; readonly argument: Pipeline | undefined; readonly line: number };

/** `$x := first | second …` */
export interface Pipeline {
  readonly line: number;
  /** Without `$`. A range may have two. */
  readonly variables: readonly string[];
  /** True: the variables are there already and get other values. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

/** A value, or a function with its arguments. */
export type Command = readonly [Operand, ...Operand[]];

export type Operand =
  | { readonly kind: "constant"; readonly value: TemplateValue }
  | { readonly kind: "function"; readonly name: string }
  /** Fields of `.`, of a variable or of what stands in parentheses. */
  | { readonly kind: "dot"; readonly fields: readonly string[] }
  | { readonly kind: "variable"; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: "group"; readonly pipeline: Pipeline; readonly fields: readonly string[] };

/** A template, and those that it defines with `define` and `block`. */
export interface ParsedTemplate {
  readonly nodes: readonly TemplateNode[];
  readonly definitions: ReadonlyMap<string, readonly TemplateNode[]>;
}
