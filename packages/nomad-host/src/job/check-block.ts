import { suggestName } from "@driver/hcl";
import type { Position, SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode } from "./job-file-error.ts";
import type { BlockRule } from "./block-rule.ts";
import type { JobNote } from "./job.ts";
import { jobRule } from "./job-rules.ts";

/**
 * Holds a block and all in it against its rule: throws for what is unknown, misplaced or refused, and returns a
 * note for each key without effect.
 */
export function checkBlock(block: ConfigBlock, rule: BlockRule, source: SourceFile): readonly JobNote[] {
  if (rule.isFree === true) return [];
  const at = { block, rule, source };
  checkLabels(at);
  checkRepeated(at);
  const attributeNotes = block.body.attributes.flatMap((attribute) =>
    checkKey({ name: attribute.name, form: "argument", position: attribute.position }, at),
  );
  const blockNotes = block.body.blocks.flatMap((inner) => {
    const own = checkKey({ name: inner.type, form: "block", position: inner.position }, at);
    refuseInside(inner, at);
    const innerRule = rule.blocks?.[inner.type];
    return innerRule === undefined ? own : [...own, ...checkBlock(inner, innerRule, source)];
  });
  return [...attributeNotes, ...blockNotes].sort(
    (left, right) => left.position.line - right.position.line || left.position.column - right.position.column,
  );
}

/** `task "web"`: a block as messages name it. */
export function titleOf(block: { readonly type: string; readonly labels: readonly string[] }): string {
  return [block.type, ...block.labels.map((label) => `"${label}"`)].join(" ");
}

interface Checked {
  readonly block: ConfigBlock;
  readonly rule: BlockRule;
  readonly source: SourceFile;
}

interface Key {
  readonly name: string;
  readonly form: "argument" | "block";
  readonly position: Position;
}

function checkLabels({ block, rule, source }: Checked): void {
  const wanted = rule.labels ?? 0;
  if (block.labels.length === wanted) return;
  const message =
    wanted === 0
      ? `block ${titleOf(block)}: takes no label`
      : `block ${block.type}: needs one label, its name, as in ${block.type} "name" {`;
  throw failure(message, "invalid", { source, position: block.position });
}

function checkRepeated({ block, rule, source }: Checked): void {
  const seen = new Map<string, Position>();
  for (const inner of block.body.blocks) {
    const earlier = seen.get(inner.type);
    if (earlier !== undefined && rule.blocks?.[inner.type] !== undefined && rule.repeated?.includes(inner.type) !== true) {
      throw failure(`block ${titleOf(inner)}: ${titleOf(block)} has one already on line ${earlier.line}, and takes only one`, "invalid", {
        source,
        position: inner.position,
      });
    }
    seen.set(inner.type, inner.position);
  }
}

function checkKey(key: Key, { block, rule, source }: Checked): readonly JobNote[] {
  const { name, form, position } = key;
  const note = own(rule.noted, name);
  if (note !== undefined) return [{ message: note, position }];
  const refusal = own(rule.refused, name);
  const subject = `${form} ${name} in ${titleOf(block)}`;
  if (refusal !== undefined) throw failure(`${subject}: not supported: ${refusal}`, "unsupported", { source, position });
  const isAttribute = rule.attributes?.includes(name) === true;
  const isBlock = own(rule.blocks, name) !== undefined;
  if (form === "argument" ? isAttribute : isBlock) return [];
  if (isBlock) throw failure(`${subject}: must be a block: write ${name} { … } without =`, "invalid", { source, position });
  if (isAttribute) throw failure(`${subject}: must be an argument: write ${name} = …`, "invalid", { source, position });
  throw failure(`${subject}: ${explainUnknown(key, rule)}`, "invalid", { source, position });
}

function explainUnknown(key: Key, rule: BlockRule): string {
  const homes = findHomes(key.name, jobRule, "job");
  if (homes.length > 0) return `not allowed here; it belongs into ${homes.map((home) => `a ${home} block`).join(" or ")}`;
  const known = [
    ...(rule.attributes ?? []),
    ...Object.keys(rule.blocks ?? {}),
    ...Object.keys(rule.noted ?? {}),
    ...Object.keys(rule.refused ?? {}),
  ];
  return `unknown${suggestName(key.name, known) || `; known are ${known.sort().join(", ")}`}`;
}

/** The blocks in which a name is at home. */
function findHomes(name: string, rule: BlockRule, type: string): readonly string[] {
  const isHome = own(rule.blocks, name) !== undefined || rule.attributes?.includes(name) === true || own(rule.noted, name) !== undefined;
  const inner = Object.entries(rule.blocks ?? {}).flatMap(([innerType, innerRule]) => findHomes(name, innerRule, innerType));
  return [...new Set(isHome ? [type, ...inner] : inner)];
}

/** What a key without effect must not hold, since the task would miss it: a service's proxy, a token for others. */
function refuseInside(block: ConfigBlock, { source }: Checked): void {
  if (block.type === "service") {
    const connect = block.body.blocks.find((inner) => inner.type === "connect");
    if (connect === undefined) return;
    throw failure("block connect in service: not supported: Consul Connect is not available here", "unsupported", {
      source,
      position: connect.position,
    });
  }
  if (
    block.type === "identity" &&
    block.body.attributes.some(({ name, value }) => name === "aud" || (name === "name" && value !== "default"))
  ) {
    throw failure("block identity: not supported: identities for other services need a Nomad server", "unsupported", {
      source,
      position: block.position,
    });
  }
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function failure(message: string, code: JobFileErrorCode, at: { readonly source: SourceFile; readonly position: Position }): JobFileError {
  return new JobFileError(message, { code, ...at });
}
