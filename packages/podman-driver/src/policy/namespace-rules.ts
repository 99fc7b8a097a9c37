import { matchesGlob } from "../config/matches-glob.ts";
import { rule, type Rule } from "./rule.ts";

/** Which namespaces a task may share with the host and with other containers. */
export const namespaceRules: readonly Rule[] = [
  rule("namespace", ({ of, mode, alike = [] }, { modes }) => {
    const globs = modes[of];
    if (globs === undefined || isAllowed(globs, [mode, ...alike])) return undefined;
    const value = mode === "default" ? undefined : mode;
    const what = mode === "default" ? "is not set, and the mode default" : "is a mode that";
    const problem = `${what} is not allowed on this client, which allows ${globs.join(", ")}`;
    return { value, problem, option: `${JSON.stringify(mode)} in allowed_modes.${of}` };
  }),
];

/** Some glob must fit one of the words for a mode, and none that takes away may; where there are only such, all others are allowed. */
function isAllowed(globs: readonly string[], words: readonly string[]): boolean {
  const fits = (glob: string): boolean => words.some((word) => matchesGlob(glob, word));
  const taken = globs.flatMap((glob) => (glob.startsWith("!") ? [glob.slice(1)] : []));
  const given = globs.filter((glob) => !glob.startsWith("!"));
  return (given.length === 0 || given.some(fits)) && !taken.some(fits);
}
