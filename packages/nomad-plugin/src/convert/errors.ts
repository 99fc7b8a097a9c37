import { Code, ConnectError } from "@connectrpc/connect";
import type { StatusDetail } from "@driver/go-plugin";
import { DriverError } from "../driver-error.ts";
import { RecoverableErrorForm } from "../gen/structs_forms.ts";

/** Trailer that carries the error's code to our own hosts; Nomad does not look at it. */
export const codeTrailer = "driver-error-code";

/**
 * An error of a driver as the status Nomad expects: Unknown with the text; FailedPrecondition with a
 * RecoverableError detail when StartTask may be tried again. Other errors are returned as they are.
 */
export function toCallError(error: unknown): unknown {
  if (!(error instanceof DriverError)) return error;
  const trailer = { [codeTrailer]: error.code };
  const status = new ConnectError(error.message, error.recoverable ? Code.FailedPrecondition : Code.Unknown, trailer, undefined, error);
  if (error.recoverable) status.details = [toRecoverableDetail()];
  return status;
}

function toRecoverableDetail(): StatusDetail {
  return { type: RecoverableErrorForm.typeName, value: RecoverableErrorForm.encode({ recoverable: true }) };
}
