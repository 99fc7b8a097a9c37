import type { Report } from "./report.ts";

/** A key and the other spellings of it that jobs or agents use. */
export interface Spelling<T> {
  readonly key: string;
  readonly value: T | undefined;
}

/** The one spelling that a config uses; several in one are a mistake, since nobody could tell which counts. Undefined: none is set. */
export function oneSpelling<T>(
  spellings: readonly Spelling<T>[],
  report: Report,
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
