import { GuardedDirectory, type TaskConfig } from "@driver/nomad-plugin";

/**
 * When output of the task was last written to the log files that Nomad shows: an earlier driver that kept no position had
 * delivered what came before. Undefined when there are none. The task can change these times, and so its own log alone.
 */
export function findLastCollected({ name, allocDir }: Pick<TaskConfig, "name" | "allocDir">): Date | undefined {
  let directory: GuardedDirectory | undefined;
  try {
    const logs = (directory = GuardedDirectory.open(allocDir, "alloc", "logs"));
    const files = logs.list().filter((file) => [`${name}.stdout.`, `${name}.stderr.`].some((start) => file.startsWith(start) && /^\d+$/.test(file.slice(start.length))));
    const newestMs = Math.max(...files.map((file) => logs.modifiedAt(file)?.getTime() ?? Number.NEGATIVE_INFINITY));
    return Number.isFinite(newestMs) ? new Date(Math.min(newestMs, Date.now())) : undefined;
  } catch {
    // The task has put something else in the folder's place, or Nomad has removed it: opening the logs will say so.
    return undefined;
  } finally {
    directory?.close();
  }
}
