import { possibleLogDrivers, possibleLogOptions } from "./resolve-logging.ts";
import type { TaskOptions } from "./task-schema.ts";

/** How far a config key takes effect in this version. */
export type KeySupport =
  | { readonly kind: "applied" }
  /** Only these values, or these forms of a value; others are refused by name. */
  | { readonly kind: "limited"; readonly to: string }
  /** Any value that asks for something is refused by name. */
  | { readonly kind: "refused" };

/** Keys of the task config that take effect. All others are in the schema, so that no job breaks, and are refused. */
const appliedTaskKeys: ReadonlySet<keyof TaskOptions> = new Set([
  "image",
  "image_pull_timeout",
  "force_pull",
  "socket",
  "command",
  "args",
  "entrypoint",
  "working_dir",
  "hostname",
  "labels",
  "log_files",
  "logging",
  "cpu_hard_limit",
  "cpu_cfs_period",
  "network_mode",
  "ports",
] as const);

/** Paths that take effect in part, with the values they are limited to. */
const limitedTaskKeys: ReadonlyMap<string, string> = new Map([
  ["image", "names, docker://name"],
  ["network_mode", "bridge, host, none"],
  ["logging.driver", possibleLogDrivers],
  ["logging.options", possibleLogOptions],
]);
const limitedPluginKeys: ReadonlyMap<string, string> = new Map([
  ["logging.driver", possibleLogDrivers],
  ["logging.options", possibleLogOptions],
]);

const refusedPluginKeys: ReadonlySet<string> = new Set(["auth", "auth.config", "auth.helper", "volumes.selinuxlabel"]);

/** Support of a key of the task config by its dotted path, e.g. `logging.driver`. */
export function taskKeySupport(path: string): KeySupport {
  const [root = path] = path.split(".");
  if (!(appliedTaskKeys as ReadonlySet<string>).has(root)) return { kind: "refused" };
  return limitOrAll(limitedTaskKeys.get(path));
}

/** Support of a key of the plugin config by its dotted path. */
export function pluginKeySupport(path: string): KeySupport {
  return refusedPluginKeys.has(path) ? { kind: "refused" } : limitOrAll(limitedPluginKeys.get(path));
}

function limitOrAll(to: string | undefined): KeySupport {
  return to === undefined ? { kind: "applied" } : { kind: "limited", to };
}
