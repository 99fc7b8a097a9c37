import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { DriverError } from "../driver-error.ts";

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
  if (error.recoverable) status.details = [recoverableDetail];
  return status;
}

/** Written without its description: every plugin start loads this file. */
const recoverableDetail = {
  type: "hashicorp.nomad.plugins.shared.structs.RecoverableError",
  value: new BinaryWriter().tag(1, WireType.Varint).bool(true).finish(),
};
