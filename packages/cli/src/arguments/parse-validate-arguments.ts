import { parseArgs } from "node:util";

import { messageOf } from "@driver/std";
import { UsageError } from "../usage-error.ts";
import { toLongOptions } from "./to-long-options.ts";
import { toVariable } from "./to-variable.ts";

/** What `validate` was asked to do. */
export interface ValidateArguments {
  readonly jobPath: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly varFiles: readonly string[];
  /** The verdict as one JSON object on stdout, for programs. */
  readonly isJsonWanted: boolean;
  readonly isHelpWanted: boolean;
}

const options = {
  var: { type: "string", multiple: true },
  "var-file": { type: "string", multiple: true },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Parses what follows `validate`; throws a UsageError. */
export function parseValidateArguments(args: readonly string[]): ValidateArguments {
  const { values, positionals } = parseOptions(args);
  const isHelpWanted = values.help === true;
  const [jobPath = "", surplus] = positionals;
  if (!isHelpWanted && jobPath === "")
    throw new UsageError("validate: no job file given; usage: nomad-driver-podman validate [options] FILE");
  if (surplus !== undefined)
    throw new UsageError(`validate: one job file at a time, but ${JSON.stringify(surplus)} follows ${JSON.stringify(jobPath)}`);
  const vars = Object.fromEntries((values.var ?? []).map((assignment) => toVariable("validate", assignment)));
  return { jobPath, vars, varFiles: values["var-file"] ?? [], isJsonWanted: values.json === true, isHelpWanted };
}

function parseOptions(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: toLongOptions(args, Object.keys(options)), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`validate: ${messageOf(error)}`, { cause: error });
  }
}
