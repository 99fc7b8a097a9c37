import type { HclValue } from "../value/hcl-value.ts";
import type { Position } from "../value/position.ts";

/** One step of a splat, applied to each element. */
export type SplatStep =
  | { readonly kind: "attribute"; readonly name: string; readonly position: Position }
  | { readonly kind: "index"; readonly key: Expression; readonly position: Position };

export type UnaryOperator = "-" | "!";
export type BinaryOperator = "*" | "/" | "%" | "+" | "-" | ">" | ">=" | "<" | "<=" | "==" | "!=" | "&&" | "||";

/** The head of a for-expression or for-directive. */
export interface ForIntro {
  readonly keyName: string | undefined;
  readonly valueName: string;
  readonly collection: Expression;
}

/** A piece of a template; whitespace markers and heredoc indentation are already applied. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  /** `text` is its source, braces and all; `kept` is what stands for it where it is a name that nobody knows. */
  | { readonly kind: "interpolation"; readonly expression: Expression; readonly text: string; readonly kept: string }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: readonly TemplatePart[];
      readonly otherwise: readonly TemplatePart[];
      readonly position: Position;
    }
  | { readonly kind: "for"; readonly intro: ForIntro; readonly body: readonly TemplatePart[]; readonly position: Position };

/** An HCL expression. `text` is the source of a reference, kept because references to the runtime stay as text. */
export type Expression =
  | { readonly kind: "literal"; readonly value: HclValue; readonly position: Position }
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[]; readonly position: Position }
  | { readonly kind: "variable"; readonly name: string; readonly text: string; readonly position: Position }
  | { readonly kind: "attribute"; readonly target: Expression; readonly name: string; readonly text: string; readonly position: Position }
  | { readonly kind: "index"; readonly target: Expression; readonly key: Expression; readonly text: string; readonly position: Position }
  | { readonly kind: "splat"; readonly target: Expression; readonly steps: readonly SplatStep[]; readonly position: Position }
  | {
      readonly kind: "conditional";
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
      readonly position: Position;
    }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression; readonly position: Position }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly position: Position;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      readonly spreadsLast: boolean;
      readonly position: Position;
    }
  | { readonly kind: "tuple"; readonly items: readonly Expression[]; readonly position: Position }
  | {
      readonly kind: "object";
      readonly entries: readonly { readonly key: Expression; readonly value: Expression }[];
      readonly position: Position;
    }
  | {
      readonly kind: "for-tuple";
      readonly intro: ForIntro;
      readonly value: Expression;
      readonly condition: Expression | undefined;
      readonly position: Position;
    }
  | {
      readonly kind: "for-object";
      readonly intro: ForIntro;
      readonly key: Expression;
      readonly value: Expression;
      readonly groups: boolean;
      readonly condition: Expression | undefined;
      readonly position: Position;
    };

export interface Attribute {
  readonly name: string;
  readonly expression: Expression;
  /** Of the name. */
  readonly position: Position;
}

export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: Body;
  readonly position: Position;
}

/** The content of a file or block, not yet evaluated. */
export interface Body {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
}
