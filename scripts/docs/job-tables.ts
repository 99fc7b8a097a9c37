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

/** What `run` does with every key of a job file: a section with a table for each block, at every depth. */
export function toKeySections(jobKeys: JobKeys): string {
  const sections = findSections(jobKeys);
  const titles = new Map(sections.map(({ keys, path }) => [keys, path]));
  return sections
    .map(({ path, keys }) => {
      const rows = Object.entries(keys).map(([name, key]) => [`\`${name}\``, formOf(key), effectOf(key, titles)]);
      return `## ${path}\n\n${toTable(["Key", "Form", "What `run` does"], rows)}`;
    })
    .join("\n\n");
}

/** Breadth first, so that what stands in several blocks is shown in the outermost of them. */
function findSections(root: JobKeys): readonly { readonly path: string; readonly keys: JobKeys }[] {
  const sections = new Map<JobKeys, string>([[root, "job"]]);
  for (const [keys, path] of sections)
    for (const [name, { kind }] of Object.entries(keys))
      if (kind.form === "block" && !sections.has(kind.keys)) sections.set(kind.keys, `${path} > ${name}`);
  return [...sections].map(([keys, path]) => ({ path, keys }));
}

const forms: Readonly<Record<JobKey["kind"]["form"], string>> = {
  argument: "argument",
  block: "block",
  free: "block of any content",
  map: "map",
  unread: "any",
};

function formOf({ kind }: JobKey): string {
  return kind.form === "argument" ? kind.words : forms[kind.form];
}

function effectOf({ kind, support }: JobKey, titles: ReadonlyMap<JobKeys, string>): string {
  const inner = kind.form === "block" ? titles.get(kind.keys) : undefined;
  const link = inner === undefined ? "" : `; see [${inner}](#${inner.replaceAll(" > ", "--")})`;
  if (support.effect === "refused") return `refuses it: ${support.reason}`;
  return `${support.effect === "full" ? (support.only ?? "takes effect") : `checks it, and says: ${support.note}`}${link}`;
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
