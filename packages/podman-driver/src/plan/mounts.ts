import { join } from "node:path";
import { DriverError, type Mount, type TaskConfig } from "@driver/nomad-plugin";

/** A mount in Podman's spelling. */
export interface PodmanMount {
  readonly type: "bind" | "tmpfs";
  readonly source?: string;
  readonly destination: string;
  readonly options: readonly string[];
}

/**
 * The allocation's folders, at the places that the task's environment names, then Nomad's own mounts. `protectsLogs`: the
 * driver writes the log files itself, so no task may (as Nomad's Docker driver has it).
 */
export function planMounts(task: TaskConfig, options: { readonly protectsLogs: boolean }): PodmanMount[] {
  const taskDir = join(task.allocDir, task.name);
  const allocPath = task.env["NOMAD_ALLOC_DIR"] ?? "/alloc";
  return [
    bind(join(task.allocDir, "alloc"), allocPath, []),
    ...(options.protectsLogs ? [bind(join(task.allocDir, "alloc", "logs"), join(allocPath, "logs"), ["ro"])] : []),
    bind(join(taskDir, "local"), task.env["NOMAD_TASK_DIR"] ?? "/local", []),
    bind(join(taskDir, "secrets"), task.env["NOMAD_SECRETS_DIR"] ?? "/secrets", []),
    ...task.mounts.map(toBind),
  ];
}

function toBind(mount: Mount): PodmanMount {
  const options = [
    ...(mount.readonly ? ["ro"] : []),
    ...toPropagation(mount),
    ...(mount.selinuxLabel === "" ? [] : [mount.selinuxLabel]),
  ];
  return bind(mount.hostPath, mount.taskPath, options);
}

/** Nomad's words for mount propagation are Kubernetes' and Podman's are the kernel's. */
function toPropagation(mount: Mount): readonly string[] {
  switch (mount.propagationMode) {
    case "":
      return [];
    case "private":
      return ["rprivate"];
    case "host-to-task":
      return ["rslave"];
    case "bidirectional":
      return ["rshared"];
    default:
      throw new DriverError(
        "config-invalid",
        `mount ${mount.taskPath}: unknown propagation mode "${mount.propagationMode}": private, host-to-task or bidirectional would be right`,
      );
  }
}

function bind(source: string, destination: string, options: readonly string[]): PodmanMount {
  return { type: "bind", source, destination, options: ["rbind", ...options] };
}
