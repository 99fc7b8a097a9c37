import { GuardedDirectory, type TaskConfig } from "@driver/nomad-plugin";

/**
 * When output of the task was last written to the log files that Nomad shows: an earlier driver that kept no position had
 * delivered what came before. Undefined when there are none. The task can change these times, and so its own log alone.
 */
export function findLastCollected({ name, allocDir }: Pick<TaskConfig, "name" | "allocDir">): Date | undefined {
  let directory: GuardedDirectory | undefined;
  try {
    directory = GuardedDirectory.open(allocDir, "alloc", "logs");
    return findNewest(directory, name);
  } catch {
    // The task has put something else in the folder's place, or Nomad has removed it: opening the logs will say so.
    return undefined;
  } finally {
    directory?.close();
  }
}

/** When the newest of the task's log files in this folder was written, no later than now. */
export function findNewest(logs: Pick<GuardedDirectory, "list" | "modifiedAt">, taskName: string): Date | undefined {
  const files = logs
    .list()
    .filter((file) =>
      [`${taskName}.stdout.`, `${taskName}.stderr.`].some((start) => file.startsWith(start) && /^\d+$/.test(file.slice(start.length))),
    );
  const newestMs = files.reduce((newest, file) => Math.max(newest, logs.modifiedAt(file)?.getTime() ?? newest), Number.NEGATIVE_INFINITY);
  return Number.isFinite(newestMs) ? new Date(Math.min(newestMs, Date.now())) : undefined;
}
