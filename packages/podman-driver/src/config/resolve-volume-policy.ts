import { isAbsolute, normalize } from "node:path";
import type { PluginOptions } from "./plugin-schema.ts";
import type { Report } from "./report.ts";

export interface VolumePolicy {
  /** False: of the host's folders a task gets its allocation's alone, and no named volume. */
  readonly isEnabled: boolean;
  /** Absolute and normal; binds outside the allocation's folder must be of these folders, or in them. Empty: any will do. */
  readonly allowedPaths: readonly string[];
}

/** What tasks may mount. */
export function resolveVolumePolicy({ enabled, allowed_paths: paths }: PluginOptions["volumes"], report: Report): VolumePolicy {
  if (!enabled && paths.length > 0) {
    report.refuse({
      key: "volumes.enabled",
      value: enabled,
      problem: "and volumes.allowed_paths exclude each other",
      remedy: "remove enabled to allow these paths, or the paths to allow none",
    });
  }
  return { isEnabled: enabled, allowedPaths: paths.map((path, index) => toFolder(path, `volumes.allowed_paths[${index}]`, report)) };
}

function toFolder(path: string, key: string, report: Report): string {
  if (!isAbsolute(path)) report.refuse({ key, value: path, problem: "is no absolute path", remedy: "write e.g. /srv/data" });
  return normalize(path).replace(/(?<=.)\/+$/, "");
}

/** The mount option that relabels the allocation's folders and Nomad's mounts on an SELinux host; empty: none. */
export function resolveSelinuxLabel({ selinuxlabel: label = "" }: PluginOptions["volumes"], report: Report): string {
  if (!["", "z", "Z"].includes(label)) {
    report.refuse({
      key: "volumes.selinuxlabel",
      value: label,
      problem: "is no SELinux mount option",
      remedy: "z (shared) or Z (private) would be right",
    });
  }
  return label;
}
