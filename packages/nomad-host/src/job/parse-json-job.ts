import { suggestName } from "@driver/hcl";
import type { SourceFile } from "@driver/hcl";
import type { ConfigAttribute, ConfigBlock, ConfigBody } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import { jobFields } from "./json-fields.ts";
import type { JsonField, JsonFields } from "./json-fields.ts";
import { parseJsonTree, toJsonValue } from "./json-tree.ts";
import type { JsonEntry, JsonNode } from "./json-tree.ts";

type ObjectNode = Extract<JsonNode, { readonly kind: "object" }>;
type BlockField = Extract<JsonField, { readonly kind: "block" }>;

/** Whether a file is meant as JSON. */
export function isJsonJob(source: SourceFile): boolean {
  return source.name.endsWith(".json") || source.text.trimStart().startsWith("{");
}

/** The `job` block that a JSON job (`{"Job": {…}}` or its inner object) stands for. */
export function parseJsonJob(source: SourceFile): ConfigBlock {
  const root = parseJsonTree(source);
  if (root.kind !== "object") throw refuse("this is no job: a JSON job is an object", root, source);
  const wrapped = root.entries.find((entry) => entry.key === "Job");
  const job = wrapped?.value ?? root;
  if (wrapped === undefined && root.entries.some((entry) => entry.key === "job")) {
    throw refuse('HCL written as JSON ("job") is not supported; write HCL, or the form of nomad job run -json ("Job")', root, source);
  }
  if (job.kind !== "object" || !job.entries.some((entry) => entry.key === "TaskGroups" || entry.key === "ID")) {
    throw new JobFileError('this is no job file: it has no "Job" with "ID" and "TaskGroups"', { code: "not-a-job", source });
  }
  const body = toBody(job, { fields: jobFields, type: "job" }, source);
  const id = job.entries.find((entry) => entry.key === "ID") ?? job.entries.find((entry) => entry.key === "Name");
  return { type: "job", labels: [id === undefined ? "" : labelOf(id.value)], body, position: job.position };
}

function toBody(node: ObjectNode, shape: { readonly fields: JsonFields; readonly type: string }, source: SourceFile): ConfigBody {
  const attributes: ConfigAttribute[] = [];
  const blocks: ConfigBlock[] = [];
  for (const entry of node.entries) {
    const field = Object.hasOwn(shape.fields, entry.key) ? shape.fields[entry.key] : undefined;
    if (isAbsent(entry.value, field)) continue;
    if (field === undefined)
      throw refuse(`field ${entry.key} in ${shape.type}: unknown${suggestName(entry.key, Object.keys(shape.fields))}`, entry, source);
    if (field.kind === "argument" || field.kind === "duration") attributes.push(toAttribute(entry, field));
    else if (field.kind !== "ignored") blocks.push(...toBlocks(entry, field, source));
  }
  return { attributes, blocks, position: node.position };
}

/** The server writes out fields that nobody set: null everywhere, and empty values where they cannot mean anything. */
function isAbsent(node: JsonNode, field: JsonField | undefined): boolean {
  if (node.kind === "scalar" && node.value === null) return true;
  if (node.kind === "array" && node.items.length === 0) return true;
  if (node.kind === "object" && node.entries.length === 0) return field?.kind !== "free";
  const isMeaningful = field?.kind === "argument" && ["count", "attempts"].includes(field.name);
  return node.kind === "scalar" && (node.value === "" || node.value === false || node.value === 0) && !isMeaningful;
}

function toAttribute(entry: JsonEntry, field: { readonly kind: "argument" | "duration"; readonly name: string }): ConfigAttribute {
  const value = toJsonValue(entry.value);
  const isNanoseconds = field.kind === "duration" && (typeof value === "number" || typeof value === "bigint");
  return { name: field.name, value: isNanoseconds ? `${value}ns` : value, position: entry.position };
}

function toBlocks(
  entry: JsonEntry,
  field: Exclude<JsonField, { readonly kind: "argument" | "duration" | "ignored" }>,
  source: SourceFile,
): readonly ConfigBlock[] {
  const { position } = entry;
  if (field.kind === "name") return [{ type: field.name, labels: [], body: { attributes: [], blocks: [], position }, position }];
  if (field.kind === "free") {
    if (entry.value.kind !== "object") throw refuse(`field ${entry.key}: must be an object`, entry, source);
    const attributes = entry.value.entries.map((inner) => ({ name: inner.key, value: toJsonValue(inner.value), position: inner.position }));
    return [{ type: field.name, labels: [], body: { attributes, blocks: [], position }, position }];
  }
  const nodes = entry.value.kind === "array" ? entry.value.items : [entry.value];
  return nodes.map((node) => toBlock(node, { entry, field }, source));
}

function toBlock(node: JsonNode, at: { readonly entry: JsonEntry; readonly field: BlockField }, source: SourceFile): ConfigBlock {
  const { entry, field } = at;
  if (node.kind !== "object") throw refuse(`field ${entry.key}: must be an object or a list of objects`, node, source);
  const label = field.label === undefined ? undefined : node.entries.find((inner) => inner.key === field.label);
  if (field.label !== undefined && label === undefined) throw refuse(`${entry.key}: an item lacks ${field.label}`, node, source);
  return {
    type: field.name,
    labels: label === undefined ? [] : [labelOf(label.value)],
    body: toBody(node, { fields: field.fields, type: field.name }, source),
    position: node.position,
  };
}

function labelOf(node: JsonNode): string {
  return node.kind === "scalar" && node.value !== null ? String(node.value) : "";
}

function refuse(message: string, at: { readonly position: JsonNode["position"] }, source: SourceFile): JobFileError {
  return new JobFileError(message, { code: "invalid", source, position: at.position });
}
