import { join } from "node:path";
import type { MountSpec } from "@driver/libpod";
import { attr, type Mount, type TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "./report.ts";
import { topic } from "./topic.ts";

/** What is mounted into the container: the allocation's folders, Nomad's own mounts, and the task's. */
export const storageTopic = topic({
  fields: {
    volumes: attr.list("string", { notYet: true, help: "Binds as source:destination[:options]; a relative source is in the task directory." }),
    tmpfs: attr.list("string", { notYet: true, help: "Memory file systems as destination[:options]." }),
    readonly_rootfs: attr.bool({ default: false, notYet: true, help: "Mount the container's root read-only." }),
  },
  want: (_options, { task, settings, report }) => ({
    mounts: [...toAllocMounts(task, { protectsLogs: settings.logCollection === "driver" }), ...task.mounts.map((mount) => toBind(mount, report))],
  }),
  plan: ({ mounts }) => ({ spec: { mounts } }),
});

/**
 * The allocation's folders, at the places that the task's environment names. `protectsLogs`: the driver writes the log files
 * itself, so no task may (as Nomad's Docker driver has it).
 */
function toAllocMounts(task: TaskConfig, { protectsLogs }: { readonly protectsLogs: boolean }): readonly MountSpec[] {
  const taskDir = join(task.allocDir, task.name);
  const allocPath = task.env["NOMAD_ALLOC_DIR"] ?? "/alloc";
  return [
    bind(join(task.allocDir, "alloc"), allocPath, []),
    ...(protectsLogs ? [bind(join(task.allocDir, "alloc", "logs"), join(allocPath, "logs"), ["ro"])] : []),
    bind(join(taskDir, "local"), task.env["NOMAD_TASK_DIR"] ?? "/local", []),
    bind(join(taskDir, "secrets"), task.env["NOMAD_SECRETS_DIR"] ?? "/secrets", []),
  ];
}

function toBind(mount: Mount, report: Report): MountSpec {
  const options = [...(mount.readonly ? ["ro"] : []), ...toPropagation(mount, report), ...(mount.selinuxLabel === "" ? [] : [mount.selinuxLabel])];
  return bind(mount.hostPath, mount.taskPath, options);
}

/** Nomad's words for mount propagation are Kubernetes' and Podman's are the kernel's. */
const propagations: Readonly<Record<string, readonly string[]>> = { "": [], private: ["rprivate"], "host-to-task": ["rslave"], bidirectional: ["rshared"] };

function toPropagation({ propagationMode, taskPath }: Mount, report: Report): readonly string[] {
  const known = Object.hasOwn(propagations, propagationMode) ? propagations[propagationMode] : undefined;
  if (known === undefined) {
    const remedy = "private, host-to-task or bidirectional would be right";
    report.refuse({ key: `volume_mount ${taskPath}`, value: propagationMode, problem: "is no propagation mode", remedy });
  }
  return known ?? [];
}

function bind(source: string, destination: string, options: readonly string[]): MountSpec {
  return { type: "bind", source, destination, options: ["rbind", ...options] };
}
