import { suggestName } from "@driver/hcl";
import type { SourceFile } from "@driver/hcl";
import type { ConfigAttribute, ConfigBlock, ConfigBody } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import { parseJsonTree, toJsonValue } from "./json-tree.ts";
import type { JsonEntry, JsonNode } from "./json-tree.ts";
import type { BlockKind, JobKey, JobKeys } from "./keys/job-key.ts";
import { jobBlock } from "./keys/job-keys.ts";

type ObjectNode = Extract<JsonNode, { readonly kind: "object" }>;

/** A key and its name in HCL. */
interface NamedKey extends JobKey {
  readonly name: string;
}

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
  const body = toBody(job, { kind: jobBlock, type: "job" }, source);
  const id = job.entries.find((entry) => entry.key === "ID") ?? job.entries.find((entry) => entry.key === "Name");
  return { type: "job", labels: [id === undefined ? "" : labelOf(id.value)], body, position: job.position };
}

function toBody(node: ObjectNode, shape: { readonly kind: BlockKind<JobKeys>; readonly type: string }, source: SourceFile): ConfigBody {
  const { kind, type } = shape;
  const attributes: ConfigAttribute[] = [];
  const blocks: ConfigBlock[] = [];
  for (const entry of node.entries) {
    const key = findField(kind.keys, entry.key);
    if (isAbsent(entry.value, key) || key?.isSilentInJson === true) continue;
    if (key === undefined && (entry.key === kind.label || kind.ignoredJson?.includes(entry.key) === true)) continue;
    if (key === undefined) throw refuse(`field ${entry.key} in ${type}: unknown${suggestName(entry.key, fieldsOf(kind))}`, entry, source);
    if (isArgument(key, entry.value)) attributes.push(toAttribute(entry, key));
    else blocks.push(...toBlocks(entry, key, source));
  }
  return { attributes, blocks, position: node.position };
}

function findField(keys: JobKeys, field: string): NamedKey | undefined {
  const found = Object.entries(keys).find(([, key]) => key.json.includes(field));
  return found === undefined ? undefined : { ...found[1], name: found[0] };
}

function fieldsOf({ keys, label, ignoredJson = [] }: BlockKind<JobKeys>): readonly string[] {
  return [...Object.values(keys).flatMap(({ json }) => json), ...(label === undefined ? [] : [label]), ...ignoredJson];
}

/**
 * The server writes out fields that nobody set: null everywhere, and empty values where they cannot mean anything. What has
 * no effect says nothing with a zero.
 */
function isAbsent(node: JsonNode, key: NamedKey | undefined): boolean {
  if (node.kind === "array") return node.items.length === 0;
  if (node.kind === "object") return isEmpty(node, key);
  if (node.value === null) return true;
  if (node.value === "") return key?.isSetByEmpty !== true;
  const isZero = node.value === false || node.value === 0;
  return isZero && (key?.support.effect !== "full" || key.isUnsetByZero === true);
}

function isEmpty({ entries }: ObjectNode, key: NamedKey | undefined): boolean {
  if (key?.kind.form === "free") return false;
  return key?.support.effect === "none" ? entries.every(({ value }) => isAbsent(value, key)) : entries.length === 0;
}

/** Of what nobody reads, lists and objects are told as blocks, as which they stand in HCL. */
function isArgument(key: NamedKey, value: JsonNode): boolean {
  const { kind } = key;
  if (kind.form === "map") return kind.isBlockOnly !== true;
  return kind.form === "argument" || (kind.form === "unread" && value.kind === "scalar");
}

function toAttribute(entry: JsonEntry, { name }: NamedKey): ConfigAttribute {
  const value = toJsonValue(entry.value);
  return { name, value, position: entry.position };
}

function toBlocks(entry: JsonEntry, { name, kind }: NamedKey, source: SourceFile): readonly ConfigBlock[] {
  const { position } = entry;
  if (kind.form === "free" || kind.form === "map") {
    if (entry.value.kind !== "object") throw refuse(`field ${entry.key}: must be an object`, entry, source);
    const attributes = entry.value.entries.map((inner) => ({ name: inner.key, value: toJsonValue(inner.value), position: inner.position }));
    return [{ type: name, labels: [], body: { attributes, blocks: [], position }, position }];
  }
  if (kind.form !== "block") return [{ type: name, labels: [], body: { attributes: [], blocks: [], position }, position }];
  if (kind.isJsonMap === true && entry.value.kind === "object") {
    return entry.value.entries.map((inner) => ({ ...toBlock(inner.value, { entry: inner, name, kind }, source), labels: [inner.key] }));
  }
  const nodes = entry.value.kind === "array" ? entry.value.items : [entry.value];
  return nodes.map((node) => toBlock(node, { entry, name, kind }, source));
}

function toBlock(
  node: JsonNode,
  at: { readonly entry: JsonEntry; readonly name: string; readonly kind: BlockKind<JobKeys> },
  source: SourceFile,
): ConfigBlock {
  const { entry, name, kind } = at;
  if (node.kind !== "object") throw refuse(`field ${entry.key}: must be an object or a list of objects`, node, source);
  const label = kind.label === undefined ? undefined : node.entries.find((inner) => inner.key === kind.label);
  if (kind.label !== undefined && label === undefined && kind.isJsonMap !== true) {
    throw refuse(`${entry.key}: an item lacks ${kind.label}`, node, source);
  }
  return {
    type: name,
    labels: label === undefined ? [] : [toHclLabel(labelOf(label.value), kind)],
    body: toBody(node, { kind, type: name }, source),
    position: node.position,
  };
}

function toHclLabel(label: string, { labels = {} }: BlockKind<JobKeys>): string {
  return Object.keys(labels).find((name) => labels[name] === label) ?? label;
}

function labelOf(node: JsonNode): string {
  return node.kind === "scalar" && node.value !== null ? String(node.value) : "";
}

function refuse(message: string, at: { readonly position: JsonNode["position"] }, source: SourceFile): JobFileError {
  return new JobFileError(message, { code: "invalid", source, position: at.position });
}
