import { once } from "node:events";
import { connect, constants } from "node:http2";
import type { ClientHttp2Stream } from "node:http2";
import { buffer } from "node:stream/consumers";
import { trustHostAuthorities } from "@driver/std";

import type { CheckFinding, PlannedCheck } from "./planned-check.ts";
import type { Endpoint } from "./resolve-address.ts";

const healthPath = "/grpc.health.v1.Health/Check";

/** Well when the server says SERVING by gRPC's health protocol. Rejects with what hindered the question. */
export async function probeGrpc(check: PlannedCheck, { host, port }: Endpoint, signal: AbortSignal): Promise<CheckFinding> {
  const { grpcService, isGrpcOverTls, isInsecure, tlsServerName } = check;
  const names = tlsServerName === "" ? {} : { servername: tlsServerName };
  const authority = `${isGrpcOverTls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (isGrpcOverTls) trustHostAuthorities();
  const session = connect(authority, { rejectUnauthorized: !isInsecure, ...names });
  // What breaks it breaks the question too, which tells of it.
  session.on("error", () => undefined);
  try {
    await once(session, "connect", { signal });
    const stream = session.request({ ":method": "POST", ":path": healthPath, "content-type": "application/grpc", te: "trailers" });
    return judgeHealthAnswer(await askHealth(stream, grpcService, signal));
  } finally {
    session.destroy();
  }
}

interface HealthAnswer {
  /** One message, framed; empty: there was none. */
  readonly body: Buffer;
  /** gRPC's own status; `0` is well. */
  readonly status: string;
  readonly message: string;
}

async function askHealth(stream: ClientHttp2Stream, service: string, signal: AbortSignal): Promise<HealthAnswer> {
  const stop = (): void => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener("abort", stop, { once: true });
  let heads: Readonly<Record<string, unknown>> = {};
  stream.on("response", (headers) => (heads = { ...heads, ...headers }));
  stream.on("trailers", (trailers) => (heads = { ...heads, ...trailers }));
  try {
    stream.end(frame(service));
    const body = await buffer(stream);
    signal.throwIfAborted();
    return { body, status: String(heads["grpc-status"] ?? "none"), message: decodeURIComponent(String(heads["grpc-message"] ?? "")) };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** A HealthCheckRequest: the service's name is its field 1. */
function frame(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...toVarint(name.length)]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function toVarint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...toVarint(value >>> 7)];
}

/** A HealthCheckResponse has the state in its field 1: 1 is SERVING. */
function judgeHealthAnswer({ body, status, message }: HealthAnswer): CheckFinding {
  if (status !== "0") return { status: "critical", output: `gRPC status ${status}: ${message}`.replace(/: $/, "") };
  const [, , , , , tag, state = 0] = body;
  const name = nameOf(tag === 0x08 ? state : 0);
  return name === "SERVING" ? { status: "passing", output: "grpc ok" } : { status: "critical", output: `the server says ${name}` };
}

function nameOf(state: number): string {
  return ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"][state] ?? `state ${state}`;
}
