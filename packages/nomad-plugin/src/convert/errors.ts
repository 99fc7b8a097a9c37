import { Code, ConnectError } from "@connectrpc/connect";
import { DriverError } from "../driver-error.ts";
import type { DriverErrorCode } from "../driver-error.ts";
import { RecoverableErrorSchema } from "../gen/structs_pb.ts";

/** Trailer that carries the error's code to our own hosts; Nomad does not look at it. */
const codeTrailer = "driver-error-code";
const codes: readonly DriverErrorCode[] = ["config-invalid", "task-not-found", "task-state", "unsupported", "failed"];

/**
 * An error of a driver as the status Nomad expects: Unknown with the text; FailedPrecondition with a
 * RecoverableError detail when StartTask may be tried again. Other errors are returned as they are.
 */
export function toCallError(error: unknown): unknown {
  if (!(error instanceof DriverError)) return error;
  const trailer = { [codeTrailer]: error.code };
  if (!error.recoverable) return new ConnectError(error.message, Code.Unknown, trailer, undefined, error);
  return new ConnectError(
    error.message,
    Code.FailedPrecondition,
    trailer,
    [{ desc: RecoverableErrorSchema, value: { recoverable: true } }],
    error,
  );
}

/** The error of a call as a driver in this process would have thrown it; the signal's reason when the caller stopped it. */
export function fromCallError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DriverError) return error;
  const status = ConnectError.from(error);
  const recoverable = status.findDetails(RecoverableErrorSchema)[0]?.recoverable ?? false;
  return new DriverError(codeOf(status), status.rawMessage, { recoverable, cause: status });
}

/** Drivers written in Go send no code; their conventional texts tell. */
function codeOf(status: ConnectError): DriverErrorCode {
  const sent = codes.find((code) => code === status.metadata.get(codeTrailer));
  if (sent !== undefined) return sent;
  if (status.rawMessage.includes("task not found for given id")) return "task-not-found";
  return status.code === Code.Unimplemented ? "unsupported" : "failed";
}
