import { Code, ConnectError } from "@connectrpc/connect";
import { codeTrailer } from "../convert/errors.ts";
import { DriverError, type DriverErrorCode } from "../driver-error.ts";
import { RecoverableErrorSchema } from "../gen/structs_pb.ts";

const codes: readonly DriverErrorCode[] = ["config-invalid", "task-not-found", "task-state", "unsupported", "failed"];

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
