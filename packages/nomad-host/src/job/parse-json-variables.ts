import type { Body, SourceFile } from "@driver/hcl";
import { failAt, JobFileError } from "./job-file-error.ts";
import { parseJsonTree, toJsonValue } from "./json-tree.ts";
import type { JsonNode } from "./json-tree.ts";

/** Whether a variable file is meant as JSON, by its first sign (`nomad`). */
export function isJsonVariables({ text }: SourceFile): boolean {
  return /^ *\{/.test(text);
}

/**
 * A variable file in JSON: an object of names and values. Its texts are no templates, and what stands under `//` is a comment. No name
 * may come twice in an object (`nomad`).
 */
export function parseJsonVariables(source: SourceFile): Body {
  const root = parseJsonTree(source);
  if (root.kind !== "object")
    throw new JobFileError("a variable file in JSON is an object", { code: "variable", source, position: root.position });
  refuseTwins(root, source);
  const attributes = root.entries.filter(({ key }) => key !== "//").map(({ key, value, position }) => ({
    name: key,
    position,
    expression: { kind: "literal", value: toJsonValue(value), position: value.position } as const,
  }));
  return { attributes, blocks: [] };
}

function refuseTwins(node: JsonNode, source: SourceFile): void {
  if (node.kind === "scalar") return;
  const seen = new Set<string>();
  for (const { key, position } of node.kind === "object" ? node.entries : []) {
    if (seen.has(key)) throw failAt({ source }, position, "variable")(`name ${JSON.stringify(key)}: given twice in one object`);
    seen.add(key);
  }
  const inner = node.kind === "object" ? node.entries.map(({ value }) => value) : node.items;
  for (const value of inner) refuseTwins(value, source);
}
