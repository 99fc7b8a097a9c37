import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Health, HealthCheckRequestSchema, HealthCheckResponseSchema } from "../gen/grpc/health/v1/health_pb.ts";
import { GRPCBroker, GRPCController, GRPCStdio } from "../gen/plugin/go_plugin_pb.ts";
import { pluginMethods } from "./plugin-services.ts";
import type { RpcCall, RpcMethod } from "./rpc-services.ts";

const methods = pluginMethods({ onShutdown: assert.fail });

const described = [GRPCController, GRPCBroker, GRPCStdio, Health].flatMap((service) => service.methods);

test("every method that is offered is a described one, of its kind and with its request", () => {
  const known = new Map(described.map((method) => [`/${method.parent.typeName}/${method.name}`, method]));
  for (const { path, name, kind, wire } of methods) {
    const method = known.get(path) ?? assert.fail(path);
    assert.deepEqual([name, kind, wire.inputName], [method.name, method.methodKind, method.input.typeName]);
  }
  assert.equal(methods.length, 5);
});

const check = methods.find(({ path }) => path === "/grpc.health.v1.Health/Check") ?? assert.fail("no Check");
const call: RpcCall = { method: check, signal: new AbortController().signal };

function ask({ wire, answer }: RpcMethod, request: Uint8Array): number {
  return fromBinary(HealthCheckResponseSchema, wire.encode(answer(wire.decode(request) as never, call))).status;
}

for (const service of ["", "plugin"]) {
  test(`health: ${JSON.stringify(service)} is served`, () => {
    assert.equal(ask(check, toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }))), 1);
  });
}

test("health: fields of later versions are passed over, and an unknown service is not found", () => {
  const unknown = Buffer.of(0x10, 7, 0x1a, 2, 1, 2);
  assert.equal(ask(check, Buffer.concat([unknown, Buffer.of(0x0a, 6), Buffer.from("plugin")])), 1);
  assert.throws(() => ask(check, Buffer.of(0x0a, 1, 0x78)), { code: Code.NotFound, rawMessage: "unknown service x" });
});

test("health: the watch of an unknown service says so", async () => {
  const watch = methods.find(({ path }) => path === "/grpc.health.v1.Health/Watch") ?? assert.fail("no Watch");
  const stop = new AbortController();
  const answers = watch.answer("other" as never, { method: watch, signal: stop.signal }) as AsyncIterator<unknown>;
  const { value } = await answers.next();
  assert.equal(fromBinary(HealthCheckResponseSchema, watch.wire.encode(value)).status, 3);
  stop.abort();
});
