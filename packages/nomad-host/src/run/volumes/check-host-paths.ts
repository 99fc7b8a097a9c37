import { stat } from "node:fs/promises";
import { codeOf } from "@driver/std";

import type { TaskGroup } from "../../job/job.ts";
import { RunProblems } from "../run-problems.ts";
import { findMissingVolumes, volumeSource } from "./plan-mounts.ts";

/** A group of a job, and which of its copies. */
export interface GroupCopy {
  readonly group: TaskGroup;
  readonly index: number;
}

/** Rejects with `job-invalid` when the machine lacks a volume of an allocation, or when its path is no folder. */
export async function checkHostPaths(allocations: readonly GroupCopy[], paths: ReadonlyMap<string, string>): Promise<void> {
  const problems = new RunProblems();
  for (const { group, index } of allocations) {
    for (const problem of findMissingVolumes(group, { allocIndex: index, paths })) problems.add("job-invalid", problem);
    for (const volume of group.volumes) {
      const path = paths.get(volumeSource(volume, index));
      const reason = path === undefined ? undefined : await describeMissing(path);
      const message = `volume ${JSON.stringify(volume.name)}: ${path} ${reason}`;
      if (reason !== undefined) problems.add("job-invalid", { message, position: volume.position });
    }
  }
  problems.throwIfAny();
}

async function describeMissing(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? undefined : "is no folder";
  } catch (error) {
    return codeOf(error) === "ENOENT" ? "does not exist on this machine" : `cannot be looked at: ${String(error)}`;
  }
}
