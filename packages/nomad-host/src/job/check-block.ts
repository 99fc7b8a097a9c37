import { suggestName } from "@driver/hcl";
import type { Position } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { BlockReader } from "./block-reader.ts";
import type { JobReading } from "./block-reader.ts";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode } from "./job-file-error.ts";
import type { JobNote } from "./job.ts";
import { findKey, takesForm } from "./keys/job-key.ts";
import type { BlockKind, JobKey, JobKeys, KeyKind } from "./keys/job-key.ts";
import { findHomes } from "./keys/find-homes.ts";
import { titleOf } from "./title-of.ts";

/**
 * Holds a block and all in it against its keys: reports what is unknown, misplaced or refused, and returns a note for each
 * key without effect. What is below such a key is checked as everything else, and not noted again.
 */
export function checkBlock(block: ConfigBlock, kind: BlockKind<JobKeys>, reading: JobReading): readonly JobNote[] {
  checkOwnLabels(block, kind, reading);
  return noteInside({ block, kind, reading });
}

interface Checked {
  readonly block: ConfigBlock;
  readonly kind: BlockKind<JobKeys>;
  readonly reading: JobReading;
}

/** A key as a job file has it. */
interface Key {
  readonly name: string;
  readonly form: "argument" | "block";
  readonly position: Position;
}

function noteInside(checked: Checked): readonly JobNote[] {
  const { block, kind, reading } = checked;
  checkRepeated(checked);
  checkFailed(checked);
  checkDynamics(checked);
  new BlockReader(block, kind.keys, reading).readAll();
  const attributeNotes = block.body.attributes.flatMap((attribute) => {
    const key = { name: attribute.name, form: "argument", position: attribute.position } as const;
    checkKey(key, checked);
    return noteOf(key, checked);
  });
  const blockNotes = block.body.blocks.flatMap((inner) => {
    const key = { name: inner.type, form: "block", position: inner.position } as const;
    checkKey(key, checked);
    checkLabels(inner, checked);
    const innerKey = findKey(kind.keys, inner.type);
    if (innerKey?.kind.form !== "block" || innerKey.support.effect === "refused") return noteOf(key, checked);
    const notes = noteInside({ block: inner, kind: innerKey.kind, reading });
    return innerKey.support.effect === "none" ? noteOf(key, checked) : notes;
  });
  return [...attributeNotes, ...blockNotes];
}

function noteOf({ name, position }: Key, { kind, reading }: Checked): readonly JobNote[] {
  const key = findKey(kind.keys, name);
  if (key?.isSilentInJson === true && reading.jsonNotes !== undefined) return [];
  return key?.support.effect === "none" ? [{ message: key.support.note, position }] : [];
}

/** What could not be evaluated may be unknown as well. */
function checkFailed(checked: Checked): void {
  for (const [name, { form, position }] of checked.block.body.failed ?? []) checkKey({ name, form, position }, checked);
}

/** A `dynamic` block is looked at even where it makes nothing. */
function checkDynamics(checked: Checked): void {
  const { block, kind, reading } = checked;
  for (const { type, labelCount, position } of block.body.dynamics ?? []) {
    checkKey({ name: type, form: "block", position }, checked);
    const key = findKey(kind.keys, type);
    if (key === undefined || !takesForm(key, "block")) continue;
    const wanted = labelCountOf(key.kind) === 0 ? undefined : 1;
    if (labelCount === wanted) continue;
    const rule = wanted === undefined ? `${type} blocks take no label, so labels has no place` : "labels must be a list of one label";
    report(`block dynamic "${type}": ${rule}`, "invalid", { reading, position });
  }
}

/** Of keys whose blocks are not looked into, nothing is said. */
function checkLabels(inner: ConfigBlock, { block, kind, reading }: Checked): void {
  const key = findKey(kind.keys, inner.type);
  const isMade = block.body.dynamics?.some(({ position }) => position === inner.position) === true;
  if (key === undefined || isMade || !takesForm(key, "block")) return;
  checkOwnLabels(inner, key.kind, reading);
}

function checkOwnLabels(block: ConfigBlock, kind: KeyKind, reading: JobReading): void {
  const { type, labels, position } = block;
  if (labels.length !== labelCountOf(kind)) {
    const message =
      labelCountOf(kind) === 0
        ? `block ${titleOf(block)}: takes no label`
        : `block ${type}: needs one label, its name, as in ${type} "name" {`;
    return report(message, "invalid", { reading, position });
  }
  // In JSON they are fields like others, which a server does not look at.
  const known = kind.form === "block" && reading.jsonNotes === undefined ? kind.labels : undefined;
  const [label = ""] = labels;
  if (known !== undefined && !Object.hasOwn(known, label))
    report(`block ${titleOf(block)}: the label must be ${Object.keys(known).join(" or ")}`, "invalid", { reading, position });
}

function labelCountOf(kind: KeyKind): 0 | 1 {
  return kind.form === "block" && kind.label !== undefined ? 1 : 0;
}

function checkRepeated({ block, kind, reading }: Checked): void {
  const seen = new Map<string, Position>();
  for (const inner of block.body.blocks) {
    const key = findKey(kind.keys, inner.type);
    const isByLabel = key?.kind.form === "block" && key.kind.labels !== undefined;
    const title = isByLabel ? titleOf(inner) : inner.type;
    const earlier = seen.get(title);
    const isRepeated = key?.kind.form === "block" && key.kind.isRepeated === true && !isByLabel;
    if (earlier !== undefined && key !== undefined && key.support.effect !== "refused" && takesForm(key, "block") && !isRepeated) {
      const message = `block ${titleOf(inner)}: ${titleOf(block)} has one already on line ${earlier.line}, and takes only one`;
      report(message, "invalid", { reading, position: inner.position });
    }
    seen.set(title, earlier ?? inner.position);
  }
}

function checkKey({ name, form, position }: Key, { block, kind, reading }: Checked): void {
  const key = findKey(kind.keys, name);
  const subject = `${form} ${name} in ${titleOf(block)}`;
  if (key?.support.effect === "refused") report(`${subject}: not supported: ${key.support.reason}`, "unsupported", { reading, position });
  else if (key === undefined || !takesForm(key, form))
    report(`${subject}: ${key === undefined ? explainUnknown(name, kind.keys) : explainForm(name, key)}`, "invalid", { reading, position });
}

function explainForm(name: string, key: JobKey): string {
  return takesForm(key, "block") ? `must be a block: write ${name} { … } without =` : `must be an argument: write ${name} = …`;
}

function explainUnknown(name: string, keys: JobKeys): string {
  const homes = findHomes(name);
  if (homes.length > 0) return `not allowed here; it belongs into ${homes.map((home) => `a ${home} block`).join(" or ")}`;
  const known = Object.keys(keys);
  return `unknown${suggestName(name, known) || `; known are ${known.sort().join(", ")}`}`;
}

function report(message: string, code: JobFileErrorCode, at: { readonly reading: JobReading; readonly position: Position }): void {
  const { source, problems } = at.reading;
  problems.add(new JobFileError(message, { code, source, position: at.position }));
}
