import { join } from "node:path";
import type { MountSpec } from "@driver/libpod";
import type { Mount, TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";

interface AllocMountOptions {
  /** The driver writes the log files itself, so no task may (as Nomad's Docker driver has it). */
  readonly protectsLogs: boolean;
  /** `z`, `Z` or empty; undefined: nothing is relabelled. */
  readonly selinuxLabel: string | undefined;
}

/** The allocation's folders, at the places that the task's environment names. */
export function toAllocMounts(task: TaskConfig, { protectsLogs, selinuxLabel }: AllocMountOptions): readonly MountSpec[] {
  const taskDir = join(task.allocDir, task.name);
  const allocPath = task.env["NOMAD_ALLOC_DIR"] ?? "/alloc";
  const label = toLabel(selinuxLabel ?? "");
  return [
    bind(join(task.allocDir, "alloc"), allocPath, label),
    ...(protectsLogs ? [bind(join(task.allocDir, "alloc", "logs"), join(allocPath, "logs"), ["ro", ...label])] : []),
    bind(join(taskDir, "local"), task.env["NOMAD_TASK_DIR"] ?? "/local", label),
    bind(join(taskDir, "secrets"), task.env["NOMAD_SECRETS_DIR"] ?? "/secrets", label),
  ];
}

/** The hosts file of the task's group, which lies in the allocation. */
export function toHostsMount(path: string, selinuxLabel: string | undefined): MountSpec {
  return bind(path, "/etc/hosts", toLabel(selinuxLabel ?? ""));
}

/** A mount of Nomad's own: a host or CSI volume, or a device plugin's. Its own label counts before the operator's. */
export function toNomadMount(mount: Mount, selinuxLabel: string | undefined, report: Report): MountSpec {
  const label = selinuxLabel === undefined ? [] : toLabel(mount.selinuxLabel || selinuxLabel);
  return bind(mount.hostPath, mount.taskPath, [...(mount.readonly ? ["ro"] : []), ...toPropagation(mount, report), ...label]);
}

/** Nomad's words for mount propagation are Kubernetes' and Podman's are the kernel's. */
const propagations: Readonly<Record<string, readonly string[]>> = {
  "": [],
  private: ["rprivate"],
  "host-to-task": ["rslave"],
  bidirectional: ["rshared"],
};

function toPropagation({ propagationMode, taskPath }: Mount, report: Report): readonly string[] {
  const known = Object.hasOwn(propagations, propagationMode) ? propagations[propagationMode] : undefined;
  if (known === undefined) {
    const remedy = "private, host-to-task or bidirectional would be right";
    report.refuse({ key: `volume_mount ${taskPath}`, value: propagationMode, problem: "is no propagation mode", remedy });
  }
  return known ?? [];
}

function toLabel(selinuxLabel: string): readonly string[] {
  return selinuxLabel === "" ? [] : [selinuxLabel];
}

function bind(source: string, destination: string, options: readonly string[]): MountSpec {
  return { type: "bind", source, destination, options: ["rbind", ...options] };
}
