import { UsageError } from "../usage-error.ts";
import { parseOptions } from "./parse-options.ts";
import { toVariable } from "./to-variable.ts";

/** What `validate` was asked to do. */
export interface ValidateArguments {
  /** Undefined: only the agent's file is to be checked. */
  readonly jobPath: string | undefined;
  /** An agent's file, whose plugin block is to be checked. */
  readonly pluginConfigPath: string | undefined;
  readonly vars: Readonly<Record<string, string>>;
  readonly varFiles: readonly string[];
  /** The verdict as one JSON object on stdout, for programs. */
  readonly isJsonWanted: boolean;
  readonly isHelpWanted: boolean;
}

const options = {
  var: { type: "string", multiple: true },
  "var-file": { type: "string", multiple: true },
  "plugin-config": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Parses what follows `validate`; throws a UsageError. */
export function parseValidateArguments(args: readonly string[]): ValidateArguments {
  const { values, positionals } = parseOptions("validate", args, options);
  const isHelpWanted = values.help === true;
  const [jobPath, surplus] = positionals;
  const { "plugin-config": pluginConfigPath } = values;
  if (!isHelpWanted && jobPath === undefined && pluginConfigPath === undefined)
    throw new UsageError("validate: no job file given; usage: nomad-driver-podman validate [options] FILE");
  if (surplus !== undefined)
    throw new UsageError(`validate: one job file at a time, but ${JSON.stringify(surplus)} follows ${JSON.stringify(jobPath)}`);
  const vars = Object.fromEntries((values.var ?? []).map((assignment) => toVariable("validate", assignment)));
  return { jobPath, pluginConfigPath, vars, varFiles: values["var-file"] ?? [], isJsonWanted: values.json === true, isHelpWanted };
}
