/**
 * Why a driver call failed. Nomad tells only two kinds apart: a recoverable StartTask error follows the job's
 * restart policy, any other fails the allocation.
 */
export type DriverErrorCode =
  /** The job or plugin configuration is wrong; the message names key, value and remedy. */
  | "config-invalid"
  | "task-not-found"
  /** The call makes no sense in the task's present state. */
  | "task-state"
  /** The driver does not have this feature; the message names it. */
  | "unsupported"
  /** The engine or the host refused or failed. */
  | "failed";

/** The one error class of a driver; `recoverable` is honoured by Nomad in StartTask only. */
export class DriverError extends Error {
  override readonly name = "DriverError";
  readonly code: DriverErrorCode;
  readonly recoverable: boolean;
  /** Dotted path of the config key to blame, e.g. `logging.driver`, where there is one. It does not go over the wire. */
  readonly configKey: string | undefined;

  constructor(
    code: DriverErrorCode,
    message: string,
    options: { readonly recoverable?: boolean; readonly configKey?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.recoverable = options.recoverable ?? false;
    this.configKey = options.configKey;
  }
}

/** The text Nomad's own drivers use for an unknown task id. */
export function taskNotFound(taskId: string): DriverError {
  return new DriverError("task-not-found", `task not found for given id: ${taskId}`);
}
