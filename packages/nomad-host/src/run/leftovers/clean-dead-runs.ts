import { toProcessMark } from "@driver/go-plugin";
import type { NetworkIsolationSpec, TaskHandle } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";

import { removeTree } from "../alloc/alloc-dir.ts";
import type { RunListener } from "../run-event.ts";
import { readRunRecord } from "./run-record.ts";

/** Who removes what a driver has made for another run. */
export interface ForeignRemover {
  removeForeign(handle: TaskHandle, signal: AbortSignal): Promise<void>;
  destroyNetwork(allocId: string, spec: NetworkIsolationSpec, signal: AbortSignal): Promise<void>;
}

export interface CleaningOptions {
  readonly session: ForeignRemover;
  readonly on: RunListener;
  readonly signal: AbortSignal;
}

/**
 * Ends and removes what killed runs have left, by the records in their folders. What cannot be removed is told, and stays with its
 * folder. Rejects with the signal's reason alone.
 */
export async function cleanDeadRuns(folders: readonly string[], { session, on, signal }: CleaningOptions): Promise<void> {
  for (const folder of folders) {
    try {
      const record = await readRunRecord(folder);
      if (record === undefined) throw new Error("it has no record that this version can read");
      // Before its tasks: nobody else is to see them end.
      for (const plugin of record.plugins) endProcess(plugin);
      for (const task of record.tasks) await session.removeForeign(task, signal);
      for (const { allocId, spec } of record.networks) await session.destroyNetwork(allocId, spec, signal);
      await removeTree(folder);
      await on({ kind: "note", message: `removed what a killed run has left: ${folder}` });
    } catch (error) {
      signal.throwIfAborted();
      await on({ kind: "note", message: `what a killed run has left in ${folder} could not be removed: ${messageOf(error)}` });
    }
  }
}

/** A later process with the same number is another one. */
function endProcess(mark: string): void {
  const pid = Number(mark.split("-")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || toProcessMark(pid) !== mark) return;
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // It has ended in this moment.
  }
}
