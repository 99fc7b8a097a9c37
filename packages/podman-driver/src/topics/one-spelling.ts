import type { Given } from "./topic.ts";

/** A key and the other spellings of it that jobs use. */
export interface Spelling<T> {
  readonly key: string;
  readonly value: T | undefined;
}

/** The one spelling that a task uses; several in one task are a mistake, since nobody could tell which counts. Undefined: none is set. */
export function oneSpelling<T>(
  spellings: readonly Spelling<T>[],
  report: Given["report"],
): { readonly key: string; readonly value: T } | undefined {
  const [first, second] = spellings.flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value }]));
  if (first !== undefined && second !== undefined) {
    report.refuse({
      key: second.key,
      value: second.value,
      problem: `says the same as ${first.key}, which is set too`,
      remedy: `remove ${second.key}`,
    });
  }
  return first;
}
