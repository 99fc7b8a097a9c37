import { suggestName } from "@driver/hcl";
import type { Position, SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode } from "./job-file-error.ts";
import type { JobNote } from "./job.ts";
import { findKey, takesForm } from "./keys/job-key.ts";
import type { BlockKind, JobKey, JobKeys } from "./keys/job-key.ts";
import { jobKeys } from "./keys/job-keys.ts";
import { titleOf } from "./title-of.ts";

/**
 * Holds a block and all in it against its keys: throws for what is unknown, misplaced or refused, and returns a
 * note for each key without effect.
 */
export function checkBlock(block: ConfigBlock, kind: BlockKind<JobKeys>, source: SourceFile): readonly JobNote[] {
  const at = { block, kind, source };
  checkLabels(at);
  checkRepeated(at);
  const attributeNotes = block.body.attributes.flatMap((attribute) =>
    checkKey({ name: attribute.name, form: "argument", position: attribute.position }, at),
  );
  const blockNotes = block.body.blocks.flatMap((inner) => {
    const own = checkKey({ name: inner.type, form: "block", position: inner.position }, at);
    refuseInside(inner, at);
    const innerKey = findKey(kind.keys, inner.type);
    if (innerKey?.kind.form !== "block" || innerKey.support.effect !== "full") return own;
    return [...own, ...checkBlock(inner, innerKey.kind, source)];
  });
  return [...attributeNotes, ...blockNotes].sort(
    (left, right) => left.position.line - right.position.line || left.position.column - right.position.column,
  );
}

interface Checked {
  readonly block: ConfigBlock;
  readonly kind: BlockKind<JobKeys>;
  readonly source: SourceFile;
}

/** A key as a job file has it. */
interface Key {
  readonly name: string;
  readonly form: "argument" | "block";
  readonly position: Position;
}

function checkLabels({ block, kind, source }: Checked): void {
  const wanted = kind.label === undefined ? 0 : 1;
  if (block.labels.length === wanted) return;
  const message =
    wanted === 0
      ? `block ${titleOf(block)}: takes no label`
      : `block ${block.type}: needs one label, its name, as in ${block.type} "name" {`;
  throw failure(message, "invalid", { source, position: block.position });
}

function checkRepeated({ block, kind, source }: Checked): void {
  const seen = new Map<string, Position>();
  for (const inner of block.body.blocks) {
    const earlier = seen.get(inner.type);
    const key = findKey(kind.keys, inner.type);
    if (
      earlier !== undefined &&
      key !== undefined &&
      takesForm(key, "block") &&
      !(key.kind.form === "block" && key.kind.isRepeated === true)
    ) {
      throw failure(`block ${titleOf(inner)}: ${titleOf(block)} has one already on line ${earlier.line}, and takes only one`, "invalid", {
        source,
        position: inner.position,
      });
    }
    seen.set(inner.type, inner.position);
  }
}

function checkKey(given: Key, { block, kind, source }: Checked): readonly JobNote[] {
  const { name, form, position } = given;
  const key = findKey(kind.keys, name);
  const subject = `${form} ${name} in ${titleOf(block)}`;
  if (key?.support.effect === "none") return [{ message: key.support.note, position }];
  if (key?.support.effect === "refused")
    throw failure(`${subject}: not supported: ${key.support.reason}`, "unsupported", { source, position });
  if (key !== undefined && takesForm(key, form)) return [];
  throw failure(`${subject}: ${key === undefined ? explainUnknown(name, kind.keys) : explainForm(name, key)}`, "invalid", {
    source,
    position,
  });
}

function explainForm(name: string, key: JobKey): string {
  return takesForm(key, "block") ? `must be a block: write ${name} { … } without =` : `must be an argument: write ${name} = …`;
}

function explainUnknown(name: string, keys: JobKeys): string {
  const homes = findHomes(name, jobKeys, "job");
  if (homes.length > 0) return `not allowed here; it belongs into ${homes.map((home) => `a ${home} block`).join(" or ")}`;
  const known = Object.keys(keys);
  return `unknown${suggestName(name, known) || `; known are ${known.sort().join(", ")}`}`;
}

/** The blocks in which a name is at home. */
function findHomes(name: string, keys: JobKeys, type: string): readonly string[] {
  const key = findKey(keys, name);
  const inner = Object.entries(keys).flatMap(([innerType, { kind, support }]) =>
    kind.form === "block" && support.effect === "full" ? findHomes(name, kind.keys, innerType) : [],
  );
  return [...new Set(key !== undefined && key.support.effect !== "refused" ? [type, ...inner] : inner)];
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

function failure(message: string, code: JobFileErrorCode, at: { readonly source: SourceFile; readonly position: Position }): JobFileError {
  return new JobFileError(message, { code, ...at });
}
