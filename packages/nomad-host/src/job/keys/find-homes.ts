import { findKey } from "./job-key.ts";
import type { JobKeys } from "./job-key.ts";
import { jobKeys } from "./job-keys.ts";

/** The blocks of a job in which a name is at home. */
export function findHomes(name: string): readonly string[] {
  return homesIn(name, jobKeys, "job");
}

function homesIn(name: string, keys: JobKeys, type: string): readonly string[] {
  const key = findKey(keys, name);
  const inner = Object.entries(keys).flatMap(([innerType, { kind, support }]) =>
    kind.form === "block" && support.effect === "full" ? homesIn(name, kind.keys, innerType) : [],
  );
  return [...new Set(key !== undefined && key.support.effect !== "refused" ? [type, ...inner] : inner)];
}
