import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import { callRaw, grpcFrame, openSession, runPlugin } from "./plugin-run.ts";

async function assertServing(socketPath: string): Promise<void> {
  const session = openSession(socketPath);
  assert.equal((await callRaw(session, "/grpc.health.v1.Health/Check")).trailers?.["grpc-status"], "0");
  session.destroy();
}

async function openWatch(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Watch",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => {});
  stream.end(grpcFrame(Buffer.alloc(0)));
  await once(stream, "data");
}

/** A frame of HTTP/2 with this type, flags and stream. */
function http2Frame(head: { readonly type: number; readonly flags: number; readonly stream: number }, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(head.type, 3);
  bytes.writeUInt8(head.flags, 4);
  bytes.writeUInt32BE(head.stream, 5);
  return Buffer.concat([bytes, payload]);
}

/** A connection with an open Watch call, spoken by hand so that the test can break it. */
async function openRawWatch(socketPath: string): Promise<Socket> {
  const literal = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const header = (name: string, value: string) => Buffer.concat([Buffer.of(0), literal(name), literal(value)]);
  const headers = [
    header(":method", "POST"),
    header(":scheme", "http"),
    header(":path", "/grpc.health.v1.Health/Watch"),
    header(":authority", "unused"),
    header("content-type", "application/grpc"),
    header("te", "trailers"),
  ];
  const socket = connect(socketPath);
  socket.on("error", () => {});
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(http2Frame({ type: 4, flags: 0, stream: 0 }, Buffer.alloc(0)));
  socket.write(http2Frame({ type: 1, flags: 4, stream: 1 }, Buffer.concat(headers)));
  socket.write(http2Frame({ type: 0, flags: 1, stream: 1 }, grpcFrame(Buffer.alloc(0))));
  let received = Buffer.alloc(0);
  // The answer's one message is a serving status: field 1, value 1.
  while (!received.includes(Buffer.of(0, 0, 0, 0, 2, 8, 1))) {
    const [chunk] = await once(socket, "data");
    received = Buffer.concat([received, chunk]);
  }
  return socket;
}

test("a probe that connects and hangs up, and garbage, are survived", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  for (const bytes of ["", "GET / HTTP/1.1\r\n\r\n", "\0".repeat(5_000), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense nonsense nonsense"]) {
    const probe = connect(socketPath);
    probe.on("error", () => {});
    await once(probe, "connect");
    probe.end(bytes);
    probe.resume();
    await once(probe, "close");
  }
  await assertServing(socketPath);
});

test("a host that dies with calls open is survived, and its successor is served", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  const leave: ((session: ClientHttp2Session) => void)[] = [
    (session) => session.destroy(),
    (session) => session.destroy(new Error("host failed")),
    (session) => session.destroy(undefined, constants.NGHTTP2_CANCEL),
  ];
  for (const vanish of leave) {
    const session = openSession(socketPath);
    await openWatch(session);
    vanish(session);
    await assertServing(socketPath);
  }
  const socket = await openRawWatch(socketPath);
  socket.destroy();
  await assertServing(socketPath);
});

test("a session that breaks on HTTP/2 level with calls open ends the plugin, so that the host recovers its tasks", async () => {
  await using run = runPlugin();
  const socket = await openRawWatch(await run.socketPath());
  socket.resume();
  socket.write(http2Frame({ type: 0, flags: 0, stream: 0 }, Buffer.from("data on stream 0")));
  const end = await run.ended;
  assert.equal(end.code, 1);
  assert.match(end.stderr, /connection broke/);
  socket.destroy();
});

test("the same break without an open call is survived", async () => {
  await using run = runPlugin();
  const socketPath = await run.socketPath();
  const socket = connect(socketPath);
  socket.on("error", () => {}).resume();
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(http2Frame({ type: 4, flags: 0, stream: 0 }, Buffer.alloc(0)));
  socket.write(http2Frame({ type: 0, flags: 0, stream: 0 }, Buffer.from("data on stream 0")));
  await once(socket, "close");
  await assertServing(socketPath);
});

test("an unknown method is answered with headers alone, status UNIMPLEMENTED", async () => {
  await using run = runPlugin();
  const session = openSession(await run.socketPath());
  const answer = await callRaw(session, "/hashicorp.nomad.plugins.drivers.proto.Driver/Tomorrow");
  assert.equal(answer.headers[":status"], 200);
  assert.equal(answer.headers["content-type"], "application/grpc");
  assert.equal(answer.headers["grpc-status"], "12");
  assert.equal(answer.trailers, undefined);
  assert.equal(answer.body.length, 0);
  session.destroy();
});

test("health says SERVING for the plugin and the server, and does not know others", async () => {
  await using run = runPlugin();
  const session = openSession(await run.socketPath());
  for (const service of ["", "plugin"]) {
    const answer = await callRaw(
      session,
      "/grpc.health.v1.Health/Check",
      Buffer.concat([Buffer.of(10, service.length), Buffer.from(service)]),
    );
    assert.deepEqual(answer.body, Buffer.of(0, 0, 0, 0, 2, 8, 1));
  }
  const unknown = await callRaw(session, "/grpc.health.v1.Health/Check", Buffer.concat([Buffer.of(10, 3), Buffer.from("xyz")]));
  assert.equal({ ...unknown.headers, ...unknown.trailers }["grpc-status"], "5");
  session.destroy();
});

test("a storm of cancelled calls costs no other call, and the session lives", async () => {
  await using run = runPlugin();
  const session = openSession(await run.socketPath());
  await openWatch(session);
  let closed = false;
  session.once("close", () => (closed = true));
  for (let wave = 0; wave < 40; wave += 1) {
    const streams = Array.from({ length: 100 }, () =>
      session.request({ ":method": "POST", ":path": "/grpc.health.v1.Health/Watch", "content-type": "application/grpc", te: "trailers" }),
    );
    await Promise.all(
      streams.map(async (stream) => {
        const gone = once(stream, "close");
        stream.on("error", () => {});
        stream.end(grpcFrame(Buffer.alloc(0)));
        stream.close(constants.NGHTTP2_CANCEL);
        await gone;
      }),
    );
  }
  assert.equal((await callRaw(session, "/grpc.health.v1.Health/Check")).trailers?.["grpc-status"], "0");
  assert.equal(closed, false);
  session.destroy();
  run.signal("SIGTERM");
  assert.deepEqual((await run.ended).stderr.match(/"@level":"(error|warn)"/g), null);
});

test("five hundred calls at once are open at the same time", async () => {
  await using run = runPlugin();
  const session = openSession(await run.socketPath());
  await Promise.all(Array.from({ length: 500 }, () => openWatch(session)));
  assert.equal(session.remoteSettings.maxConcurrentStreams, 0xffff_ffff);
  run.signal("SIGTERM");
  assert.equal((await run.ended).stderr, "");
  session.destroy();
});
