import { UsageError } from "../usage-error.ts";

/** Name and value of `-var name=value`; `command` begins the message about another form. */
export function toVariable(command: string, assignment: string): readonly [string, string] {
  const split = assignment.indexOf("=");
  if (split < 1) throw new UsageError(`${command}: -var ${JSON.stringify(assignment)} is not of the form name=value`);
  return [assignment.slice(0, split), assignment.slice(split + 1)];
}
