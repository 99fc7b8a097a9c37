import type { ByteRun } from "./byte-run.ts";

/** What a task wrote to its two streams. */
export interface TaskOutput {
  readonly stdout: ByteRun;
  readonly stderr: ByteRun;
}
