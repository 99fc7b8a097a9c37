import type { Explanation } from "./topic.ts";

/** A key that an error of Podman's may be about. */
export interface Suspect {
  /** What Podman says then. */
  readonly words: Pick<RegExp, "test">;
  readonly key: string;
  /** As the job writes it. */
  readonly value: unknown;
  /** What the value must be, such as `which must be a folder of the image`. */
  readonly want: string;
}

/** Which key has led to an error of Podman's that does not name it: the first whose words fit. Undefined: none does. */
export function blame(podmanText: string, suspects: readonly Suspect[]): Explanation | undefined {
  const found = suspects.find(({ words }) => words.test(podmanText));
  return found === undefined ? undefined : { text: `the task's config has ${found.key} = ${JSON.stringify(found.value)}, ${found.want}` };
}
