import type { Attribute, Block, SourceFile } from "@driver/hcl";
import { failAt } from "./job-file-error.ts";
import type { JobProblems } from "./job-file-error.ts";

/** The arguments of a block that may hold nothing else. A label or a block in it is among the problems. */
export function argumentsOf(block: Block, at: { readonly source: SourceFile }, problems: JobProblems): readonly Attribute[] {
  for (const { type, position } of block.body.blocks)
    problems.add(failAt(at, position, "invalid")(`block ${type} in ${block.type}: only arguments may stand here`));
  if (block.labels.length > 0) problems.add(failAt(at, block.position, "invalid")(`block ${block.type}: takes no label`));
  return block.body.attributes;
}
