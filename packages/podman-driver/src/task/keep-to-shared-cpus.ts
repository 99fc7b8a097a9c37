import type { TaskConfig } from "@driver/nomad-plugin";
import { codeOf, messageOf } from "@driver/std";
import type { DriverServices } from "../driver-services.ts";
import { confineToCpus, countCpus, countHostCpus, readConfinement, toSharedCpusFolder } from "../host/shared-cpus.ts";
import type { TaskProcesses } from "./task-processes.ts";

export interface SharingTask {
  readonly task: Pick<TaskConfig, "resources">;
  readonly processes: Pick<TaskProcesses, "cgroup" | "isMainGone">;
  readonly services: Pick<DriverServices, "roots" | "sharedCpus">;
  /** Tells the task's owner what cannot be done. */
  emit(message: string): void;
}

/**
 * Keeps a task that has reserved no cores off those which others have: it runs on what Nomad shares out, and on more or less of
 * it as that changes. Where the kernel refuses, the task runs on and its owner is told once. Returns the way to end it.
 */
export function keepToSharedCpus({ task, processes, services, emit }: SharingTask): () => void {
  const { cpusetCpus, cpusetCgroup } = task.resources.linux;
  const folder = cpusetCpus === "" ? toSharedCpusFolder(cpusetCgroup) : undefined;
  if (folder === undefined) return () => undefined;
  let kept: string | undefined;
  let isTold = false;
  return services.sharedCpus.subscribe(folder, (cpus) => {
    const { cgroup } = processes;
    if (cpus === kept || cgroup === undefined) return;
    kept = cpus;
    try {
      const today = readConfinement(services.roots, cgroup);
      // Nothing is reserved, and nobody has confined it, an earlier plugin neither.
      const isUnneeded = today === "" && countCpus(cpus) >= countHostCpus(services.roots);
      if (!isUnneeded && today !== cpus) confineToCpus(services.roots, cgroup, cpus);
    } catch (error) {
      if (isTold || processes.isMainGone()) return;
      isTold = true;
      emit(`the task cannot be kept off the cores that others have reserved (it may use ${cpus}): ${toReason(error)}`);
    }
  });
}

function toReason(error: unknown): string {
  const isMissing = codeOf(error) === "ENOENT";
  return isMissing
    ? "its cgroup has no cpuset controller; for a user's Podman systemd has to delegate that (Delegate= of user@.service)"
    : messageOf(error);
}
