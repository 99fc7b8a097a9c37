import type { ConnectError } from "@connectrpc/connect";
import { parseTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { OutgoingHttpHeaders } from "node:http2";

/** Time that a call is given by its `grpc-timeout`. @throws ConnectError (InvalidArgument): it is none */
export function toTimeoutMs(text: string): number {
  const { timeoutMs = 0, error } = parseTimeout(text, Number.POSITIVE_INFINITY);
  if (error !== undefined) throw error;
  return timeoutMs;
}

/** The status of a call that has failed. */
export function toErrorTrailers(error: ConnectError): OutgoingHttpHeaders {
  return Object.fromEntries(setTrailerStatus(new Headers(), error));
}
