import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { ConnInfoForm, StdioDataForm } from "../gen/plugin/go_plugin_forms.ts";
import { ConnInfoSchema, StdioDataSchema } from "../gen/plugin/go_plugin_pb.ts";
import { MessageReader } from "./message-reader.ts";

const framed = (address: string): Uint8Array => encodeEnvelope(0, toBinary(ConnInfoSchema, create(ConnInfoSchema, { address })));

async function readAll(stream: PassThrough): Promise<string[]> {
  const addresses: string[] = [];
  for await (const { address } of new MessageReader(stream, ConnInfoForm)) addresses.push(String(address));
  return addresses;
}

const texts = ["one", "", "three".repeat(30_000), "four"];
const whole = Buffer.concat(texts.map(framed));

for (const [how, pieceBytes] of [
  ["in one piece", whole.length],
  ["in pieces that end anywhere", 7919],
  ["byte by byte, at first", 1],
] as const) {
  test(`reads messages that come ${how}`, async () => {
    const stream = new PassThrough();
    const read = readAll(stream);
    for (let at = 0; at < whole.length; at += at < 100 ? pieceBytes : Math.max(pieceBytes, 4096)) {
      stream.write(whole.subarray(at, at < 100 ? at + pieceBytes : at + Math.max(pieceBytes, 4096)));
    }
    stream.end();
    assert.deepEqual(await read, texts);
  });
}

test("is done when nothing came, and one wants a message", async () => {
  const stream = new PassThrough();
  stream.end();
  const reader = new MessageReader(stream, ConnInfoForm);
  await assert.rejects(reader.one(), { code: Code.Unimplemented });
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

test("is done when the sender is gone in the middle of a wait", async () => {
  const stream = new PassThrough();
  const read = readAll(stream);
  stream.write(framed("one"));
  await turn();
  stream.destroy();
  assert.deepEqual(await read, ["one"]);
});

for (const [what, bytes, code] of [
  ["a prefix cut short", Buffer.of(0, 0, 0), Code.InvalidArgument],
  ["a message cut short", Buffer.of(0, 0, 0, 0, 5, 10), Code.InvalidArgument],
  ["no message at all after a prefix", Buffer.of(0, 0, 0, 0, 5), Code.InvalidArgument],
  ["a compressed message", Buffer.of(1, 0, 0, 0, 0), Code.Internal],
  ["a message of 4 GiB", Buffer.of(0, 255, 255, 255, 255), Code.ResourceExhausted],
  ["bytes that are no such message", Buffer.of(0, 0, 0, 0, 2, 18, 9), Code.InvalidArgument],
] as const) {
  test(`refuses ${what}`, async () => {
    const stream = new PassThrough();
    stream.end(bytes);
    await assert.rejects(readAll(stream), (error) => error instanceof ConnectError && error.code === code);
  });
}

test("holds a sender back while nobody waits for a message", async () => {
  const stream = new PassThrough({ highWaterMark: 1024 });
  const reader = new MessageReader(stream, ConnInfoForm);
  stream.write(framed("one"));
  assert.equal((await reader.next()).value?.address, "one");
  let taken = 0;
  for (const _ of Array.from({ length: 1000 })) taken += stream.write(framed("x".repeat(100))) ? 1 : 0;
  await turn();
  assert.ok(taken < 50 && stream.writableNeedDrain, `${taken} messages were taken`);
});

test("a message holds on to its own bytes only", async () => {
  const stream = new PassThrough();
  const data = Buffer.from("word");
  stream.end(Buffer.concat([encodeEnvelope(0, toBinary(StdioDataSchema, create(StdioDataSchema, { data }))), Buffer.alloc(10_000)]));
  const message = await new MessageReader(stream, StdioDataForm).one();
  assert.deepEqual(Buffer.from((message["data"] as Uint8Array)), data);
  assert.ok((message["data"] as Uint8Array).buffer.byteLength < 100, `${(message["data"] as Uint8Array).buffer.byteLength} bytes`);
});

test("takes what comes after its close from the stream, so that it can end", async () => {
  const stream = new PassThrough({ highWaterMark: 16 });
  new MessageReader(stream, ConnInfoForm).close();
  stream.end(Buffer.alloc(10_000));
  await new Promise((resolve) => stream.once("end", resolve));
});
