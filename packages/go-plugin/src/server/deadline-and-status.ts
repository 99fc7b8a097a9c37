import { Code, ConnectError } from "@connectrpc/connect";
import type { OutgoingHttpHeaders } from "node:http2";
import { bytes, int32, string } from "../wire/scalar-form.ts";
import { list, one } from "../wire/field-form.ts";
import { MessageForm } from "../wire/message-form.ts";

/** Milliseconds of the units of a `grpc-timeout` (grpc: PROTOCOL-HTTP2.md, "Timeout"). */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Time that a call is given by its `grpc-timeout`. @throws ConnectError (InvalidArgument): it is none */
export function toTimeoutMs(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  if (ms === undefined) throw new ConnectError(`protocol error: invalid grpc timeout value: ${text}`, Code.InvalidArgument);
  return Number(digits) * ms;
}

const anyForm = new MessageForm("google.protobuf.Any", () => [one(1, "typeUrl", string), one(2, "value", bytes)]);
const statusForm = new MessageForm("google.rpc.Status", () => [
  one(1, "code", int32),
  one(2, "message", string),
  list(3, "details", anyForm),
]);

/** A fact that goes with an error. */
export interface StatusDetail {
  readonly type: string;
  readonly value: Uint8Array;
}

/** The status of a call that has failed. The error's metadata are trailers of their own; its details must be `StatusDetail`s. */
export function toErrorTrailers({ code, rawMessage, metadata, details }: ConnectError): OutgoingHttpHeaders {
  const packed = details.filter(isPacked).map(({ type, value }) => ({ typeUrl: `type.googleapis.com/${type}`, value }));
  const status = packed.length > 0 && statusForm.encode({ code, message: rawMessage, details: packed });
  return {
    ...Object.fromEntries(metadata),
    "grpc-status": String(code),
    "grpc-message": encodeURIComponent(rawMessage),
    ...(status !== false && { "grpc-status-details-bin": Buffer.from(status).toString("base64").replace(/=+$/, "") }),
  };
}

function isPacked(detail: ConnectError["details"][number]): detail is StatusDetail {
  return "type" in detail;
}
