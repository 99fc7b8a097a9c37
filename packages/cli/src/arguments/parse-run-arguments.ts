import { UsageError } from "../usage-error.ts";
import { parseOptions } from "./parse-options.ts";
import { toVariable } from "./to-variable.ts";

/** What `run` was asked to do. */
export interface RunArguments {
  readonly jobPath: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly varFiles: readonly string[];
  /** Paths of host volumes by name, as typed. */
  readonly hostVolumes: Readonly<Record<string, string>>;
  /** Ranges of host networks by name. */
  readonly hostNetworks: Readonly<Record<string, string>>;
  /** File with the payload for a parameterized job. */
  readonly payloadPath: string | undefined;
  /** Meta for a parameterized job. */
  readonly meta: Readonly<Record<string, string>>;
  /** True: a periodic job runs once, at once. */
  readonly isLaunchedNow: boolean;
  /** Variables of Nomad's for templates, as typed: `path=key=value`, or `path=@file`. */
  readonly nomadVars: readonly string[];
  /** Podman's address, e.g. `unix:///run/podman/podman.sock`; undefined: the driver's default. */
  readonly socket: string | undefined;
  /** Agent configuration with a `plugin "nomad-driver-podman" {}` block. */
  readonly pluginConfigPath: string | undefined;
  /** Another plugin executable than this one. */
  readonly pluginPath: string | undefined;
  /** Events as JSON on stdout, for programs. */
  readonly isJsonWanted: boolean;
  /** True: what killed runs have left is removed first. */
  readonly isCleaningWanted: boolean;
  readonly isHelpWanted: boolean;
}

const options = {
  var: { type: "string", multiple: true },
  "var-file": { type: "string", multiple: true },
  "host-volume": { type: "string", multiple: true },
  "host-network": { type: "string", multiple: true },
  payload: { type: "string" },
  meta: { type: "string", multiple: true },
  now: { type: "boolean" },
  "nomad-var": { type: "string", multiple: true },
  socket: { type: "string" },
  "plugin-config": { type: "string" },
  plugin: { type: "string" },
  json: { type: "boolean" },
  clean: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Parses what follows `run`; throws a UsageError. */
export function parseRunArguments(args: readonly string[]): RunArguments {
  const { values, positionals } = parseOptions("run", args, options);
  const isHelpWanted = values.help === true;
  const [jobPath = "", surplus] = positionals;
  if (!isHelpWanted && jobPath === "") throw new UsageError("run: no job file given; usage: nomad-driver-podman run [options] FILE");
  if (jobPath === "-") throw new UsageError("run: a job is not read from stdin: give a file, or /dev/stdin for a pipe");
  if (surplus !== undefined)
    throw new UsageError(`run: one job file at a time, but ${JSON.stringify(surplus)} follows ${JSON.stringify(jobPath)}`);
  return {
    jobPath,
    vars: Object.fromEntries((values.var ?? []).map((assignment) => toVariable("run", assignment))),
    payloadPath: values.payload,
    meta: Object.fromEntries((values.meta ?? []).map((assignment) => toVariable("run", assignment, "-meta name=value"))),
    isLaunchedNow: values.now === true,
    nomadVars: values["nomad-var"] ?? [],
    hostVolumes: Object.fromEntries(
      (values["host-volume"] ?? []).map((assignment) => toVariable("run", assignment, "-host-volume name=path")),
    ),
    hostNetworks: Object.fromEntries(
      (values["host-network"] ?? []).map((assignment) => toVariable("run", assignment, "-host-network name=cidr")),
    ),
    varFiles: values["var-file"] ?? [],
    socket: values.socket,
    pluginConfigPath: values["plugin-config"],
    pluginPath: values.plugin,
    isJsonWanted: values.json === true,
    isCleaningWanted: values.clean === true,
    isHelpWanted,
  };
}
