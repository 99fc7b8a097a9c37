import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  connect as connectHttp2,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { Feed, type FeedListener } from "@driver/std";
import { HealthForm } from "../gen/grpc/health/v1/health_forms.ts";
import { HealthCheckRequestSchema, type Health, type HealthCheckResponseSchema } from "../gen/grpc/health/v1/health_pb.ts";
import { GRPCBrokerForm, GRPCStdioForm } from "../gen/plugin/go_plugin_forms.ts";
import { ConnInfoSchema, type GRPCBroker, type GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";
import type { Logger } from "../log/logger.ts";

import { RpcServer } from "./rpc-server.ts";
import { RpcServices, type RpcCall } from "./rpc-services.ts";
import { toMethods } from "./service-methods.ts";

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => silent, with: () => silent };
const empty = encodeEnvelope(0, new Uint8Array());
const paths = {
  check: "/grpc.health.v1.Health/Check",
  watch: "/grpc.health.v1.Health/Watch",
  broker: "/plugin.GRPCBroker/StartStream",
  stdio: "/plugin.GRPCStdio/StreamStdio",
};

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Undefined: success. */
  readonly error: ConnectError | undefined;
}

/** A served bed of methods, and one session of a client that speaks gRPC by hand. */
class Bed implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "rpc-"));
  readonly #http: Http2Server = createServer();
  readonly #server: RpcServer;
  readonly openStreams = new Set<ServerHttp2Stream>();
  readonly session: ClientHttp2Session;

  constructor(services: RpcServices, logger = silent) {
    const path = join(this.#folder, "s");
    this.#server = new RpcServer(services, logger);
    this.#http.on("stream", (stream: ServerHttp2Stream) => {
      this.openStreams.add(stream);
      stream.once("close", () => this.openStreams.delete(stream));
    });
    this.#http.on("stream", this.#server.serve);
    this.#http.listen(path);
    this.session = connectHttp2("http://unused", { createConnection: () => connect(path) });
    this.session.on("error", () => {});
  }

  endCalls(): void {
    this.#server.endCalls();
  }

  request(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    return stream;
  }

  async call(
    path: string,
    { body = empty, headers = {} }: { readonly body?: Uint8Array; readonly headers?: OutgoingHttpHeaders } = {},
  ): Promise<Answer> {
    const stream = this.request(path, headers);
    stream.end(body);
    return await readAnswer(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    this.#http.close();
    await once(this.#http, "close");
    rmSync(this.#folder, { recursive: true });
  }
}

async function readAnswer(stream: ClientHttp2Stream): Promise<Answer> {
  let trailers: object = {};
  stream.on("trailers", (values: object) => (trailers = values));
  const [headers] = (await once(stream, "response")) as [object];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const status = new Headers(
    Object.entries({ ...headers, ...trailers }).flatMap(([name, value]) =>
      name.startsWith(":") ? [] : [[name, String(value)] as [string, string]],
    ),
  );
  return { headers: { ...headers }, body: Buffer.concat(chunks), error: findTrailerError(status) };
}

const untilAborted = ({ signal }: RpcCall): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

function health(
  check: (service: string, call: RpcCall) => Promise<MessageInitShape<typeof HealthCheckResponseSchema>>,
  services = new RpcServices(),
): RpcServices {
  return services.add(toMethods<typeof Health>(HealthForm, {
    check: ({ service }, call) => check(service, call),
    async *watch(_request, call) {
      yield { status: 1 };
      await untilAborted(call);
    },
  }));
}

test("answers a message with a message, content type and status as servers written in Go do", async () => {
  await using bed = new Bed(health(async (service) => ({ status: service === "web" ? 1 : 2 })));
  const body = encodeEnvelope(0, toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: "web" })));
  const answer = await bed.call(paths.check, { body });
  assert.deepEqual([answer.headers[":status"], answer.headers["content-type"], answer.error], [200, "application/grpc", undefined]);
  assert.deepEqual(answer.body, Buffer.of(0, 0, 0, 0, 2, 8, 1));
});

for (const [what, thrown, code, message] of [
  ["an error's text", new Error("näme \u{1F433} 100 %\nsecond line"), Code.Unknown, "näme \u{1F433} 100 %\nsecond line"],
  ["a status of its own", new ConnectError("no such thing", Code.NotFound), Code.NotFound, "no such thing"],
  ["no Unavailable, which means a dead plugin", new ConnectError("podman is away", Code.Unavailable), Code.Unknown, "podman is away"],
] as const) {
  test(`a call that fails tells ${what}`, async () => {
    await using bed = new Bed(health(() => Promise.reject(thrown)));
    const { headers, error } = await bed.call(paths.check);
    assert.deepEqual([headers[":status"], error?.code, error?.rawMessage], [200, code, message]);
  });
}

test("services that are added later are loaded once, by the first call of a method that is not there", async () => {
  let loads = 0;
  const loading = Promise.withResolvers<void>();
  const services = new RpcServices();
  services.addLater(async () => {
    loads += 1;
    await loading.promise;
    health(() => Promise.resolve({ status: 1 }), services);
  });
  await using bed = new Bed(services);
  const gone = bed.request(paths.check);
  const calls = [bed.call(paths.check), bed.call("/plugin.Nothing/Here")];
  while (bed.openStreams.size < 3) await sleep(5);
  gone.close(constants.NGHTTP2_CANCEL);
  while (bed.openStreams.size > 2) await sleep(5);
  loading.resolve();
  const [known, unknown] = await Promise.all(calls);
  assert.deepEqual([known?.error, unknown?.error?.code], [undefined, Code.Unimplemented]);
  assert.equal((await bed.call(paths.check)).error, undefined);
  assert.deepEqual([loads, bed.openStreams.size], [1, 0]);
});

test("a load that fails ends the calls that wait for it, and says why", async () => {
  const warnings: string[] = [];
  const services = new RpcServices().addLater(() => Promise.reject(new Error("a part is missing")));
  const warn: Logger["warn"] = (message, fields) => void warnings.push(`${message}: ${String(fields?.["error"])}`);
  await using bed = new Bed(services, { ...silent, warn });
  const stream = bed.request(paths.check);
  await assert.rejects(once(stream, "close"), { code: "ERR_HTTP2_STREAM_ERROR" });
  assert.equal(stream.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
  assert.deepEqual(warnings, ["answer not delivered: Error: a part is missing"]);
});

test("a stream that fails in its middle delivers what came before, and the status", async () => {
  const services = new RpcServices().add(toMethods<typeof GRPCStdio>(GRPCStdioForm, {
    async *streamStdio() {
      yield { data: Buffer.from("one") };
      throw new Error("no more");
    },
  }));
  await using bed = new Bed(services);
  const { body, error } = await bed.call(paths.stdio);
  assert.deepEqual([body.subarray(-3).toString(), error?.rawMessage], ["one", "no more"]);
});

test("takes the content type that names its messages, in any case of letters", async () => {
  await using bed = new Bed(health(async () => ({ status: 1 })));
  const { error } = await bed.call(paths.check, { headers: { "content-type": "application/gRPC+Proto" } });
  assert.equal(error, undefined);
});

for (const [what, headers, status] of [
  ["JSON", { "content-type": "application/grpc+json" }, 415],
  ["another protocol", { "content-type": "application/json" }, 415],
  ["a GET", { ":method": "GET" }, 405],
] as const) {
  test(`refuses ${what} with an HTTP status`, async () => {
    await using bed = new Bed(health(async () => ({ status: 1 })));
    const stream = bed.request(paths.check, headers);
    if (!stream.writableEnded) stream.end(empty);
    const { headers: answered } = await readAnswer(stream);
    assert.equal(answered[":status"], status);
  });
}

test("a call without a message, or with half of one, is refused with a status", async () => {
  await using bed = new Bed(health(async () => ({ status: 1 })));
  const codes = [];
  for (const body of [new Uint8Array(), empty.subarray(0, 3)]) codes.push((await bed.call(paths.check, { body })).error?.code);
  assert.deepEqual(codes, [Code.Unimplemented, Code.InvalidArgument]);
});

test("a deadline ends the call with its status, and a nonsensical one is refused", async () => {
  await using bed = new Bed(health((_service, call) => untilAborted(call)));
  const late = await bed.call(paths.check, { headers: { "grpc-timeout": "20m" } });
  const odd = await bed.call(paths.check, { headers: { "grpc-timeout": "soon" } });
  assert.deepEqual([late.error?.code, odd.error?.code], [Code.DeadlineExceeded, Code.InvalidArgument]);
});

test("a deadline further away than timers reach does not come at once", async () => {
  await using bed = new Bed(health((_service, call) => Promise.race([sleep(50, {}), untilAborted(call)])));
  const { error } = await bed.call(paths.check, { headers: { "grpc-timeout": "99999999H" } });
  assert.equal(error, undefined);
});

test("a caller who leaves ends the call's signal, and so does the plugin's end", async () => {
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<unknown>();
  await using bed = new Bed(
    health((_service, call) => {
      entered.resolve();
      return untilAborted(call).catch((error: unknown) => (left.resolve(error), Promise.reject(error)));
    }),
  );
  const stream = bed.request(paths.check);
  stream.end(empty);
  await entered.promise;
  stream.close(8);
  assert.equal((await left.promise) instanceof ConnectError, true);
  const watching = bed.request(paths.watch);
  watching.end(empty);
  const ended = readAnswer(watching);
  // Its first message.
  await once(watching, "readable");
  bed.endCalls();
  assert.equal((await ended).error?.code, Code.Canceled);
});

test("the plugin's end ends calls with status Canceled, also one that waits for its caller or ends without an error", async () => {
  const [waits, ignores] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const services = new RpcServices().add(toMethods<typeof GRPCBroker>(GRPCBrokerForm, {
    async *startStream(requests) {
      for await (const _ of requests) waits.resolve();
    },
  }));
  services.add(toMethods<typeof GRPCStdio>(GRPCStdioForm, {
    async *streamStdio(_request, { signal }) {
      ignores.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  }));
  await using bed = new Bed(services);
  const streams = [paths.broker, paths.stdio].map((path) => bed.request(path));
  for (const stream of streams) stream.write(empty);
  streams[1]?.end();
  await Promise.all([waits.promise, ignores.promise]);
  const answers = streams.map((stream) => readAnswer(stream));
  bed.endCalls();
  assert.deepEqual(
    (await Promise.all(answers)).map(({ error }) => error?.code),
    [Code.Canceled, Code.Canceled],
  );
});

test("a call that is refused before its request has come whole leaves no stream behind, whoever was to end it", async () => {
  await using bed = new Bed(health(async () => ({ status: 1 })));
  const stream = bed.request(paths.check);
  stream.write(Buffer.of(0, 255, 255, 255, 255));
  const { error } = await readAnswer(stream);
  assert.equal(error?.code, Code.ResourceExhausted);
  while (bed.openStreams.size > 0) await sleep(5);
});

test("messages go both ways while both sides are open; a sender who never ends his leaves no stream behind", async () => {
  const services = new RpcServices().add(toMethods<typeof GRPCBroker>(GRPCBrokerForm, {
    async *startStream(requests) {
      for await (const { address } of requests) {
        if (address === "bye") return;
        yield { address: address.toUpperCase() };
      }
    },
  }));
  await using bed = new Bed(services);
  const stream = bed.request(paths.broker);
  const say = (address: string): void =>
    void stream.write(encodeEnvelope(0, toBinary(ConnInfoSchema, create(ConnInfoSchema, { address }))));
  say("hello");
  const [first] = (await once(stream, "data")) as [Buffer];
  assert.match(first.toString(), /HELLO/);
  say("bye");
  const [trailers] = (await once(stream, "trailers")) as [{ readonly "grpc-status"?: string }];
  assert.equal(trailers["grpc-status"], "0");
  // As Go's client does.
  stream.close(0);
  while (bed.openStreams.size > 0) await sleep(5);
});

test("a reader who does not read holds the stream back, and gets every byte later", async () => {
  let given = 0;
  const piece = Buffer.alloc(64 * 1024, "x");
  const services = new RpcServices().add(toMethods<typeof GRPCStdio>(GRPCStdioForm, {
    async *streamStdio() {
      for (; given < 200; given += 1) yield { data: piece };
    },
  }));
  await using bed = new Bed(services);
  const stream = bed.request(paths.stdio);
  stream.end(empty);
  await once(stream, "response");
  await sleep(100);
  assert.ok(given < 50, `${given} pieces were taken`);
  let bytes = 0;
  for await (const chunk of stream) bytes += (chunk as Buffer).length;
  assert.ok(bytes > 200 * piece.length);
});

test("a reader who leaves while the stream is held back ends it", async () => {
  const ended = Promise.withResolvers<void>();
  const services = new RpcServices().add(toMethods<typeof GRPCStdio>(GRPCStdioForm, {
    async *streamStdio() {
      try {
        for (;;) yield { data: Buffer.alloc(64 * 1024) };
      } finally {
        ended.resolve();
      }
    },
  }));
  await using bed = new Bed(services);
  const stream = bed.request(paths.stdio);
  stream.end(empty);
  await once(stream, "response");
  await sleep(50);
  stream.close(8);
  await ended.promise;
});

test("a feed that has an item, or ends, just when its caller has left harms nobody", async () => {
  for (const moment of ["take", "end"] as const) {
    const followed = Promise.withResolvers<FeedListener<object>>();
    class Late extends Feed<object> {
      follow(listener: FeedListener<object>): void {
        followed.resolve(listener);
      }

      close(): void {}
    }
    const services = new RpcServices().add(toMethods<typeof GRPCStdio>(GRPCStdioForm, { streamStdio: () => new Late() }));
    await using bed = new Bed(services);
    const stream = bed.request(paths.stdio);
    stream.end(empty);
    const listener = await followed.promise;
    const [served] = bed.openStreams;
    assert.ok(served !== undefined);
    const act = (): void => {
      assert.deepEqual([served.closed, served.destroyed], [true, false]);
      if (moment === "take") assert.throws(() => listener.take({ data: Buffer.from("one") }), /the call has ended/);
      else assert.doesNotThrow(() => listener.end(new Error("broken")));
    };
    const acted = Promise.withResolvers<void>();
    served.once("aborted", () => {
      try {
        acted.resolve(act());
      } catch (error) {
        acted.reject(error);
      }
    });
    stream.close(constants.NGHTTP2_CANCEL);
    await acted.promise;
    while (bed.openStreams.size > 0) await sleep(5);
  }
});
