import type { Body, SourceFile } from "@driver/hcl";
import { JobFileError } from "./job-file-error.ts";
import { parseJsonTree, toJsonValue } from "./json-tree.ts";

/** A variable file in JSON: an object of names and values. Its texts are no templates (`nomad`). */
export function parseJsonVariables(source: SourceFile): Body {
  const root = parseJsonTree(source);
  if (root.kind !== "object")
    throw new JobFileError("a variable file in JSON is an object", { code: "variable", source, position: root.position });
  const attributes = root.entries.map(({ key, value, position }) => ({
    name: key,
    position,
    expression: { kind: "literal", value: toJsonValue(value), position: value.position } as const,
  }));
  return { attributes, blocks: [] };
}
