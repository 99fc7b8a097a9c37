import type { Position } from "@driver/nomad-plugin";

/** Why a job did not run, or not to its end. */
export type RunErrorCode =
  /** The job uses something the embedded host does not have; the message names it. */
  | "job-unsupported"
  /** The job is wrong in a way that only shows on this machine. */
  | "job-invalid"
  | "port-unavailable"
  /** An artifact could not be fetched; another try may help. */
  | "artifact-failed"
  /** The plugin's `config` does not fit its schema; `position` points into the agent's file. */
  | "plugin-config-invalid"
  /** The plugin runs, but its driver is not healthy; the message is the driver's own. */
  | "driver-unhealthy"
  /** The plugin could not be started, or ended too often. */
  | "plugin-failed"
  /** A plugin that was launched again could not take this task over. */
  | "task-lost"
  /** The operating system refused something. */
  | "host-failed";

interface RunErrorOptions {
  readonly position?: Position | undefined;
  readonly further?: RunError["further"];
  readonly cause?: unknown;
}

/** The one error class of the embedded host's runtime. `position` points into the job file unless the code says otherwise. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly code: RunErrorCode;
  readonly position: Position | undefined;
  /** More of the same kind, each at its own place behind this one. */
  readonly further: readonly { readonly message: string; readonly position: Position }[];

  constructor(code: RunErrorCode, message: string, options: RunErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.position = options.position;
    this.further = options.further ?? [];
  }
}
