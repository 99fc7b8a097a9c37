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

/** The content of a block whose expressions are evaluated, but which no schema has seen yet. */
export interface ConfigBody {
  readonly attributes: readonly ConfigAttribute[];
  readonly blocks: readonly ConfigBlock[];
  readonly position: Position;
}
