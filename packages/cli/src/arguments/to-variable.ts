import { UsageError } from "../usage-error.ts";

/** Name and value of `-var name=value`; `command` begins the message about another form, and `form` is the right one. */
export function toVariable(command: string, assignment: string, form = "-var name=value"): readonly [string, string] {
  const [option = "", ...pair] = form.split(" ");
  const split = assignment.indexOf("=");
  if (split < 1) throw new UsageError(`${command}: ${option} ${JSON.stringify(assignment)} is not of the form ${pair.join(" ")}`);
  return [assignment.slice(0, split), assignment.slice(split + 1)];
}
