import { takesForm, type JobKey, type JobKeys } from "@driver/nomad-host";
import { toTable } from "./markdown-table.ts";

interface PlacedBlock {
  /** Names of the blocks around it and its own, e.g. `job > group`. */
  readonly path: string;
  /** Undefined: the content is free. */
  readonly keys: JobKeys | undefined;
}

/** What `run` takes in each block of a job file. */
export function toSupportedTable(jobKeys: JobKeys): string {
  return toTable(
    ["Block", "Arguments", "Blocks inside"],
    placeBlocks(jobKeys).map(({ path, keys }) => [
      path,
      keys === undefined ? "any" : code(namesOf(keys, (key) => isFull(key) && takesForm(key, "argument"))),
      keys === undefined ? "" : code(namesOf(keys, (key) => isFull(key) && takesForm(key, "block"))),
    ]),
  );
}

/** What `run` refuses, with the reason or the way out that it prints. */
export function toRefusedTable(jobKeys: JobKeys): string {
  const rows = placeBlocks(jobKeys).flatMap(({ path, keys = {} }) =>
    Object.entries(keys).flatMap(([name, { support }]) => (support.effect === "refused" ? [[`\`${name}\``, path, support.reason]] : [])),
  );
  return toTable(["Key", "In", "What `run` says"], rows);
}

/** What `run` reads and tells to be without effect. */
export function toNotedTable(jobKeys: JobKeys): string {
  const rows = placeBlocks(jobKeys).map(({ path, keys = {} }) => [path, code(namesOf(keys, ({ support }) => support.effect === "none"))]);
  return toTable(
    ["In", "Keys without effect"],
    rows.filter(([, keys]) => keys !== ""),
  );
}

/** A task may also stand in the job itself; its keys are shown once, where they first come up. */
function placeBlocks(root: JobKeys): readonly PlacedBlock[] {
  const seen = new Set<JobKeys>();
  const visit = (keys: JobKeys, path: string): readonly PlacedBlock[] => {
    if (seen.has(keys)) return [];
    seen.add(keys);
    const inner = Object.entries(keys).filter(([, key]) => isFull(key) && takesForm(key, "block"));
    return [
      { path, keys },
      ...inner.flatMap(([name, { kind }]) =>
        kind.form === "block" ? visit(kind.keys, `${path} > ${name}`) : [{ path: `${path} > ${name}`, keys: undefined }],
      ),
    ];
  };
  return visit(root, "job");
}

function isFull({ support }: JobKey): boolean {
  return support.effect === "full";
}

function namesOf(keys: JobKeys, isWanted: (key: JobKey) => boolean): readonly string[] {
  return Object.entries(keys).flatMap(([name, key]) => (isWanted(key) ? [name] : []));
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}
