import { isAbsolute, normalize } from "node:path";
import { DriverError } from "@driver/nomad-plugin";
import type { PluginOptions } from "./plugin-schema.ts";

export interface VolumePolicy {
  /** False: of the host's folders a task gets its allocation's alone, and no named volume. */
  readonly isEnabled: boolean;
  /** Absolute and normal; binds outside the allocation's folder must be of these folders, or in them. Empty: any will do. */
  readonly allowedPaths: readonly string[];
}

/**
 * What tasks may mount.
 * @throws DriverError `config-invalid`
 */
export function resolveVolumePolicy({ enabled, allowed_paths: allowedPaths }: PluginOptions["volumes"]): VolumePolicy {
  if (!enabled && allowedPaths.length > 0) {
    const problem = "config keys volumes.enabled = false and volumes.allowed_paths exclude each other";
    throw new DriverError("config-invalid", `${problem}: remove enabled to allow these paths, or the paths to allow none`);
  }
  return { isEnabled: enabled, allowedPaths: allowedPaths.map(toFolder) };
}

function toFolder(path: string, index: number): string {
  if (isAbsolute(path)) return normalize(path).replace(/(?<=.)\/+$/, "");
  const problem = `${JSON.stringify(path)} is no absolute path; write e.g. /srv/data`;
  throw new DriverError("config-invalid", `config key volumes.allowed_paths[${index}]: ${problem}`);
}

/**
 * The mount option that relabels the allocation's folders and Nomad's mounts on an SELinux host; empty: none.
 * @throws DriverError `config-invalid`
 */
export function resolveSelinuxLabel({ selinuxlabel: label = "" }: PluginOptions["volumes"]): string {
  if (["", "z", "Z"].includes(label)) return label;
  const problem = `${JSON.stringify(label)} is no SELinux mount option; z (shared) or Z (private) would be right`;
  throw new DriverError("config-invalid", `config key volumes.selinuxlabel: ${problem}`);
}
