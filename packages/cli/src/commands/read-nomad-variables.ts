import { readFile } from "node:fs/promises";

import { formatVariablePath, parseVariablePath, problemOfVariablePath } from "@driver/nomad-host";

import { UsageError } from "../usage-error.ts";

type Items = Readonly<Record<string, string>>;

/**
 * Nomad's variables from the command line: `path=key=value`, or `path=@file` with a JSON object of texts, under their paths as
 * templates look for them. Later ones win, key by key. Rejects with a UsageError.
 */
export async function readNomadVariables(assignments: readonly string[]): Promise<ReadonlyMap<string, Items>> {
  const variables = new Map<string, Items>();
  for (const assignment of assignments) {
    const [, path = "", rest = ""] = /^([^=]+)=(.+)$/s.exec(assignment) ?? [];
    const [, key, value = ""] = /^([^=@][^=]*)=(.*)$/s.exec(rest) ?? [];
    if (key === undefined && !rest.startsWith("@"))
      throw new UsageError(`run: -nomad-var ${JSON.stringify(assignment)} is not of the form path=key=value or path=@file`);
    const items = key === undefined ? await readItems(rest.slice(1)) : { [key]: value };
    const place = wantPlace(path, assignment);
    variables.set(place, { ...variables.get(place), ...items });
  }
  return variables;
}

function wantPlace(path: string, assignment: string): string {
  const parsed = parseVariablePath(path);
  const problem = parsed === undefined ? "its path must be like nomad/jobs/web, or PATH@NAMESPACE" : problemOfVariablePath(parsed);
  if (parsed === undefined || problem !== undefined) throw new UsageError(`run: -nomad-var ${JSON.stringify(assignment)}: ${problem}`);
  return formatVariablePath(parsed);
}

/** The file that an assignment takes its items from; undefined: it has the value itself. */
export function variableFileOf(assignment: string): string | undefined {
  return /^[^=]+=@(.+)$/s.exec(assignment)?.[1];
}

async function readItems(file: string): Promise<Items> {
  const refuse = (problem: string, cause?: unknown) => new UsageError(`run: -nomad-var: ${JSON.stringify(file)} ${problem}`, { cause });
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw refuse(`cannot be read: ${String(error)}`, error);
  });
  const parsed = parseJson(text);
  const entries = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? Object.entries(parsed) : undefined;
  if (entries === undefined) throw refuse("is no JSON object");
  return Object.fromEntries(
    entries.map(([key, value]): readonly [string, string] => {
      if (typeof value !== "string") throw refuse(`has no text for ${JSON.stringify(key)}`);
      return [key, value];
    }),
  );
}

/** Undefined: it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
