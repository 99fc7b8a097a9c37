import { suggestName } from "@driver/hcl";
import type { Position } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { BlockReader } from "./block-reader.ts";
import type { JobReading } from "./block-reader.ts";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode } from "./job-file-error.ts";
import type { JobNote } from "./job.ts";
import { findKey, takesForm } from "./keys/job-key.ts";
import type { BlockKind, JobKey, JobKeys } from "./keys/job-key.ts";
import { findHomes } from "./keys/find-homes.ts";
import { titleOf } from "./title-of.ts";

/**
 * Holds a block and all in it against its keys: reports what is unknown, misplaced or refused, and returns a note for each
 * key without effect. What is below such a key is checked as everything else, and not noted again.
 */
export function checkBlock(block: ConfigBlock, kind: BlockKind<JobKeys>, reading: JobReading): readonly JobNote[] {
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
  checkLabels(checked);
  checkRepeated(checked);
  new BlockReader(block, kind.keys, reading).readAll();
  const attributeNotes = block.body.attributes.flatMap((attribute) => {
    const key = { name: attribute.name, form: "argument", position: attribute.position } as const;
    checkKey(key, checked);
    return noteOf(key, kind);
  });
  const blockNotes = block.body.blocks.flatMap((inner) => {
    const key = { name: inner.type, form: "block", position: inner.position } as const;
    checkKey(key, checked);
    const innerKey = findKey(kind.keys, inner.type);
    if (innerKey?.kind.form !== "block" || innerKey.support.effect === "refused") return noteOf(key, kind);
    const notes = noteInside({ block: inner, kind: innerKey.kind, reading });
    return innerKey.support.effect === "none" ? noteOf(key, kind) : notes;
  });
  return [...attributeNotes, ...blockNotes];
}

function noteOf({ name, position }: Key, { keys }: BlockKind<JobKeys>): readonly JobNote[] {
  const key = findKey(keys, name);
  return key?.support.effect === "none" ? [{ message: key.support.note, position }] : [];
}

function checkLabels({ block, kind, reading }: Checked): void {
  const wanted = kind.label === undefined ? 0 : 1;
  if (block.labels.length === wanted) return;
  const message =
    wanted === 0
      ? `block ${titleOf(block)}: takes no label`
      : `block ${block.type}: needs one label, its name, as in ${block.type} "name" {`;
  report(message, "invalid", { reading, position: block.position });
}

function checkRepeated({ block, kind, reading }: Checked): void {
  const seen = new Map<string, Position>();
  for (const inner of block.body.blocks) {
    const earlier = seen.get(inner.type);
    const key = findKey(kind.keys, inner.type);
    const isRepeated = key?.kind.form === "block" && key.kind.isRepeated === true;
    if (earlier !== undefined && key !== undefined && key.support.effect !== "refused" && takesForm(key, "block") && !isRepeated) {
      const message = `block ${titleOf(inner)}: ${titleOf(block)} has one already on line ${earlier.line}, and takes only one`;
      report(message, "invalid", { reading, position: inner.position });
    }
    seen.set(inner.type, earlier ?? inner.position);
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
