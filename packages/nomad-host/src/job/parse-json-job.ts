import { suggestName } from "@driver/hcl";
import type { ConfigName, SourceFile } from "@driver/hcl";
import type { ConfigAttribute, ConfigBlock, ConfigBody } from "@driver/nomad-plugin";
import { failAt, JobFileError } from "./job-file-error.ts";
import type { JobProblems } from "./job-file-error.ts";
import type { JobNote } from "./job.ts";
import { emptyOfNull, isJsonNull, misfitOf } from "./json-shape.ts";
import type { JsonShape } from "./json-shape.ts";
import { parseJsonTree, toJsonValue } from "./json-tree.ts";
import type { JsonEntry, JsonNode } from "./json-tree.ts";
import type { BlockKind, JobKey, JobKeys, KeyKind } from "./keys/job-key.ts";
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

/** A job as JSON has it. */
export interface JsonJob {
  readonly block: ConfigBlock;
  /** Of fields that Nomad does not know, and leaves out. */
  readonly notes: readonly JobNote[];
}

/**
 * The `job` block that a JSON job (`{"Job": {…}}` or its inner object) stands for. As Go does it, a field may be written in any case,
 * the last of several counts, unknown ones and what follows the object are left out, and a value must have the very type of its
 * field. What is wrong is among the problems; throws a JobFileError where it is no job at all.
 */
export function parseJsonJob(source: SourceFile, problems: JobProblems): JsonJob {
  const root = parseJsonTree(source, { endsWithRoot: true });
  if (root.kind !== "object") throw failAt({ source }, root.position, "invalid")("this is no job: a JSON job is an object");
  const wrapped = root.entries.findLast(({ key, value }) => isNamed(key, "Job") && !isJsonNull(value));
  const job = wrapped?.value ?? root;
  const isJob = job.kind === "object" && job.entries.some(({ key }) => isNamed(key, "TaskGroups") || isNamed(key, "ID"));
  if (!isJob && wrapped?.key === "job") {
    const message = 'HCL written as JSON ("job") is not supported; write HCL, or the form of nomad job run -json ("Job")';
    throw failAt({ source }, root.position, "invalid")(message);
  }
  if (!isJob) throw new JobFileError('this is no job file: it has no "Job" with "ID" and "TaskGroups"', { code: "not-a-job", source });
  const reader = new JsonReader(source, problems);
  const body = reader.toBody(job, { kind: jobBlock, type: "job" });
  const id = job.entries.findLast(({ key }) => isNamed(key, "ID"));
  return { block: { type: "job", labels: [id === undefined ? "" : labelOf(id.value)], body, position: job.position }, notes: reader.notes };
}

/** Go takes a field's name in any case (`go`: encoding/json). */
function isNamed(key: string, field: string): boolean {
  return foldCase(key) === foldCase(field);
}

function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase();
}

interface BlockShape {
  readonly kind: BlockKind<JobKeys>;
  readonly type: string;
}

/** Turns objects into blocks by their keys. */
class JsonReader {
  readonly notes: JobNote[] = [];
  readonly #source: SourceFile;
  readonly #problems: JobProblems;

  constructor(source: SourceFile, problems: JobProblems) {
    this.#source = source;
    this.#problems = problems;
  }

  toBody(node: ObjectNode, shape: BlockShape): ConfigBody {
    const attributes: ConfigAttribute[] = [];
    const blocks: ConfigBlock[] = [];
    const failed = new Map<string, ConfigName>();
    for (const entry of this.#knownFields(node, shape)) {
      const key = findField(shape.kind.keys, entry.key);
      if (key === undefined) continue;
      const problem = misfitOf(entry.value, shapeOf(key.kind, entry.key));
      if (problem !== undefined) {
        this.#refuse(`field ${entry.key} in ${shape.type}: ${problem}`, entry);
        failed.set(key.name, { form: isArgument(key, entry.value) ? "argument" : "block", position: entry.position });
        continue;
      }
      if (isAbsent(entry.value, key)) continue;
      if (isArgument(key, entry.value)) attributes.push(toAttribute(entry, key));
      else blocks.push(...this.#toBlocks(entry, key));
    }
    return { attributes, blocks, position: node.position, failed: failed.size === 0 ? undefined : failed };
  }

  /** The last of each, under the name that the table has for it. */
  #knownFields({ entries }: ObjectNode, { kind, type }: BlockShape): Iterable<JsonEntry> {
    const names = new Map(fieldsOf(kind).map((name) => [foldCase(name), name]));
    const found = new Map<string, JsonEntry>();
    for (const entry of entries) {
      const name = names.get(foldCase(entry.key));
      if (name !== undefined) found.set(name, { ...entry, key: name });
      else if (!isJsonNull(entry.value)) {
        const hint = suggestName(entry.key, [...names.values()]);
        const name = entry.key === "" ? '""' : entry.key;
        this.notes.push({ message: `field ${name} in ${type}: unknown, so it has no effect${hint}`, position: entry.position });
      }
    }
    return found.values();
  }

  #toBlocks(entry: JsonEntry, { name, kind }: NamedKey): readonly ConfigBlock[] {
    const { position } = entry;
    if (kind.form === "block" && kind.isJsonMap === true && entry.value.kind === "object") {
      const present = entry.value.entries.filter(({ value }) => !isJsonNull(value));
      return present.flatMap((inner) => {
        const made = this.#toBlock(inner.value, { entry: inner, name, kind });
        return made.map((block) => ({ ...block, labels: [inner.key] }));
      });
    }
    if (kind.form === "block") {
      const nodes = entry.value.kind === "array" ? entry.value.items : [entry.value];
      return nodes.flatMap((node) => this.#toBlock(node, { entry, name, kind }));
    }
    const isMap = kind.form === "free" || kind.form === "map";
    const attributes = isMap && entry.value.kind === "object" ? toAttributes(entry.value, kind) : [];
    return [{ type: name, labels: [], body: { attributes, blocks: [], position }, position }];
  }

  /** None where it is no object. */
  #toBlock(
    node: JsonNode,
    at: { readonly entry: JsonEntry; readonly name: string; readonly kind: BlockKind<JobKeys> },
  ): readonly ConfigBlock[] {
    const { entry, name, kind } = at;
    if (node.kind !== "object") {
      this.#refuse(`field ${entry.key}: must be an object${kind.isRepeated === true ? " or a list of objects" : ""}`, node);
      return [];
    }
    const body = this.toBody(node, { kind, type: name });
    const { label: field } = kind;
    const label = field === undefined ? undefined : node.entries.findLast(({ key }) => isNamed(key, field));
    const problem = label === undefined ? undefined : misfitOf(label.value, "string");
    if (label !== undefined && problem !== undefined) this.#refuse(`field ${label.key} in ${name}: ${problem}`, label);
    const labels = kind.label === undefined ? [] : [label === undefined ? "" : toHclLabel(labelOf(label.value), kind)];
    return [{ type: name, labels, body, position: node.position }];
  }

  #refuse(message: string, { position }: { readonly position: JsonNode["position"] }): void {
    this.#problems.add(failAt({ source: this.#source }, position, "invalid")(message));
  }
}

function findField(keys: JobKeys, field: string): NamedKey | undefined {
  const found = Object.entries(keys).find(([, key]) => key.json.includes(field));
  return found === undefined ? undefined : { ...found[1], name: found[0] };
}

function fieldsOf({ keys, label, ignoredJson = [] }: BlockKind<JobKeys>): readonly string[] {
  return [...Object.values(keys).flatMap(({ json }) => json), ...(label === undefined ? [] : [label]), ...ignoredJson];
}

function shapeOf(kind: KeyKind, field: string): JsonShape {
  switch (kind.form) {
    case "argument":
      return kind.json;
    case "map":
      return "texts";
    case "free":
      return kind.json ?? "object";
    case "block":
      return kind.isRepeated === true && kind.isJsonMap !== true && field !== kind.singleJson ? "list" : "object";
    case "unread":
      return "any";
  }
}

/**
 * The server writes out fields that nobody set: null everywhere, and empty values where they cannot mean anything. What has
 * no effect says nothing with a zero.
 */
function isAbsent(node: JsonNode, { kind, support }: NamedKey): boolean {
  if (node.kind === "array") return node.items.length === 0;
  if (node.kind === "object") return kind.form === "block" && support.effect === "none" && isWrittenOut(node, kind);
  if (node.value === null) return true;
  if (!isZero(node) || kind.form !== "argument") return isZero(node);
  // Of a field that cannot be unset, an empty text is what it is without one.
  const isUnset = node.value === "" && kind.refusesNull === true;
  return isUnset || (support.effect !== "full" && kind.read(node.value) !== undefined);
}

/** All its fields are there and empty: nobody writes that but a server. */
function isWrittenOut({ entries }: ObjectNode, { keys }: BlockKind<JobKeys>): boolean {
  const fields = new Set(entries.filter(({ value }) => isZero(value)).map(({ key }) => key));
  return fields.size === entries.length && Object.values(keys).every(({ json }) => json.some((field) => fields.has(field)));
}

function isZero(node: JsonNode): boolean {
  return node.kind === "scalar" && (node.value === "" || node.value === false || node.value === 0);
}

/** Of what nobody reads, lists and objects are told as blocks, as which they stand in HCL. */
function isArgument(key: NamedKey, value: JsonNode): boolean {
  const { kind } = key;
  if (kind.form === "map") return kind.isBlockOnly !== true;
  return kind.form === "argument" || (kind.form === "unread" && value.kind === "scalar");
}

function toAttribute(entry: JsonEntry, { name, kind }: NamedKey): ConfigAttribute {
  const isOfTexts = kind.form === "map" || (kind.form === "argument" && kind.json === "strings");
  return { name, value: toJsonValue(isOfTexts ? emptyOfNull(entry.value) : entry.value), position: entry.position };
}

/** The last of each name. */
function toAttributes(node: ObjectNode, kind: KeyKind): readonly ConfigAttribute[] {
  const { entries } = kind.form === "map" ? emptyOfNull(node) : node;
  const isOfLists = kind.form === "free" && kind.json === "text lists";
  const toValue = (value: JsonNode) => toJsonValue(isOfLists ? emptyOfNull(value) : value);
  const attributes = entries.map(({ key, value, position }) => ({ name: key, value: toValue(value), position }));
  return [...new Map(attributes.map((attribute) => [attribute.name, attribute])).values()];
}

function toHclLabel(label: string, { labels = {} }: BlockKind<JobKeys>): string {
  return Object.keys(labels).find((name) => labels[name] === label) ?? label;
}

function labelOf(node: JsonNode): string {
  return node.kind === "scalar" && node.value !== null ? String(node.value) : "";
}
