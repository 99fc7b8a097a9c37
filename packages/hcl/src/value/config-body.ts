import type { HclValue } from "./hcl-value.ts";
import type { Position } from "./position.ts";

export interface ConfigAttribute {
  readonly name: string;
  readonly value: HclValue;
  readonly position: Position;
}

export interface ConfigBlock {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: ConfigBody;
  readonly position: Position;
}

/** A `dynamic` block, whatever it has come to. */
export interface DynamicBlock {
  /** Of the blocks that it makes. */
  readonly type: string;
  /** How many labels it gives each; undefined: it says nothing of labels. */
  readonly labelCount: number | undefined;
  readonly position: Position;
}

/** The content of a block whose expressions are evaluated, but which no schema has seen yet. */
export interface ConfigBody {
  readonly attributes: readonly ConfigAttribute[];
  readonly blocks: readonly ConfigBlock[];
  readonly position: Position;
  /** Arguments, and types of dynamic blocks, that are missing here since they could not be evaluated. Absent: none. */
  readonly failed?: ReadonlyMap<string, ConfigName> | undefined;
  /** Absent: none. */
  readonly dynamics?: readonly DynamicBlock[] | undefined;
}

/** Where a name stands in a body, and as what. */
export interface ConfigName {
  readonly form: "argument" | "block";
  readonly position: Position;
}
