import { create } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import { test } from "node:test";
import { SetConfigRequestSchema } from "../gen/base_pb.ts";
import { CreateNetworkRequestSchema, FingerprintResponseSchema, InspectTaskResponseSchema } from "../gen/driver_pb.ts";
import { TaskConfigSchema, TaskHandleSchema } from "../gen/driver_types_pb.ts";
import { SpecSchema } from "../gen/hclspec_pb.ts";
import { fromFingerprintMessage, toFingerprintMessage } from "./fingerprint.ts";
import { toInt32, toInt64, toUint32, toUint64 } from "./numbers.ts";
import { toNetworkMessage, toNetworkWish, toOverrideMessage } from "./network.ts";
import { fromSetConfigMessage } from "./plugin.ts";
import { fromSpecMessage } from "./spec.ts";
import { toStatsMessage } from "./stats.ts";
import { fromTaskConfigMessage } from "./task-config.ts";
import { fromHandleMessage, toExitMessage, toInspectMessage } from "./task-state.ts";
import { fromDuration, fromTimestamp, toDuration, toTimestamp } from "./time.ts";

test("numbers that do not fit become the nearest that do, and no NaN or infinity passes", () => {
  assert.deepEqual(
    [Number.NaN, Infinity, -Infinity, 1.9, -1.9, 2 ** 40, -(2 ** 40)].map(toInt32),
    [0, 0, 0, 1, -1, 2_147_483_647, -2_147_483_648],
  );
  assert.deepEqual([Number.NaN, -5, 2 ** 40].map(toUint32), [0, 0, 4_294_967_295]);
  assert.deepEqual([Number.NaN, -5.5, 2 ** 70, -(2 ** 70)].map(toInt64), [0n, -5n, 2n ** 63n - 1n, -(2n ** 63n)]);
  assert.deepEqual([Number.NaN, -5, 2 ** 70].map(toUint64), [0n, 0n, 2n ** 64n - 1n]);
});

test("a sample without sense holds zeros, and lists as measured only what was measured", () => {
  const cpu = {
    percent: Number.NaN,
    userPercent: Infinity,
    systemPercent: -Infinity,
    totalTicksMhz: Number.NaN,
    throttledPeriods: Number.NaN,
    throttledTimeNs: -1,
  };
  const { aggResourceUsage, timestamp } = toStatsMessage({ timestampNs: 1_500_000_000n, cpu, memory: { rssBytes: 5, swapBytes: 0 } });
  assert.deepEqual(timestamp, { seconds: 1n, nanos: 500_000_000 });
  assert.deepEqual(aggResourceUsage?.cpu, {
    percent: 0,
    userMode: 0,
    systemMode: 0,
    totalTicks: 0,
    throttledPeriods: 0n,
    throttledTime: 0n,
    measuredFields: [0, 1, 2, 3, 4, 5],
  });
  assert.deepEqual(aggResourceUsage?.memory, { rss: 5n, swap: 0n, measuredFields: [0, 6] });
});

test("an absent moment is Go's zero time", () => {
  assert.deepEqual(toTimestamp(undefined), { seconds: -62_135_596_800n, nanos: 0 });
  assert.deepEqual(toTimestamp(new Date(Number.NaN)), { seconds: -62_135_596_800n, nanos: 0 });
  assert.equal(fromTimestamp(undefined), undefined);
  assert.deepEqual(toTimestamp(new Date(-1)), { seconds: -1n, nanos: 999_000_000 });
});

test("durations keep fractions of a second and are never negative", () => {
  assert.deepEqual(toDuration(1_500.25), { seconds: 1n, nanos: 500_250_000 });
  assert.deepEqual(toDuration(-1), { seconds: 0n, nanos: 0 });
  assert.deepEqual(toDuration(Infinity), { seconds: 0n, nanos: 0 });
  assert.equal(fromDuration(undefined), 0);
  assert.equal(fromDuration({ $typeName: "google.protobuf.Duration", seconds: 1n, nanos: 500_250_000 }), 1_500.25);
  assert.equal(fromDuration({ $typeName: "google.protobuf.Duration", seconds: -1n, nanos: 0 }), 0);
});

test("a state of a task that has not ended still carries both times and a result", () => {
  const { task } = toInspectMessage({
    id: "i",
    name: "n",
    state: "running",
    startedAt: undefined,
    completedAt: undefined,
    result: undefined,
    attributes: {},
  });
  assert.deepEqual(task?.startedAt, { seconds: -62_135_596_800n, nanos: 0 });
  assert.deepEqual(task.completedAt, { seconds: -62_135_596_800n, nanos: 0 });
  assert.deepEqual(task.result, { exitCode: 0, signal: 0, oomKilled: false });
  assert.deepEqual(
    toInspectMessage({
      id: "",
      name: "",
      state: "unknown",
      startedAt: undefined,
      completedAt: undefined,
      result: undefined,
      attributes: {},
    }).driver,
    { attributes: {} },
  );
  assert.deepEqual(toExitMessage(undefined), { exitCode: 0, signal: 0, oomKilled: false });
  assert.equal(create(InspectTaskResponseSchema, { task }).task?.result?.exitCode, 0);
});

test("a bare task config decodes to empty values", () => {
  const config = fromTaskConfigMessage(create(TaskConfigSchema, { id: "x" }));
  assert.equal(config.networkIsolation, undefined);
  assert.equal(config.dns, undefined);
  assert.deepEqual(config.resources, {
    cpuShares: 0,
    memoryMb: 0,
    memoryMaxMb: 0,
    networks: [],
    ports: [],
    linux: {
      cpuPeriodUs: 0,
      cpuQuotaUs: 0,
      cpuShares: 0,
      memoryLimitBytes: 0,
      oomScoreAdj: 0,
      cpusetCpus: "",
      cpusetCgroup: "",
      percentTicks: 0,
    },
  });
});

test("a handle without a config is refused", () => {
  assert.throws(() => fromHandleMessage(undefined), { message: "task handle without a task config" });
  assert.throws(() => fromHandleMessage(create(TaskHandleSchema, { version: 1 })), { message: "task handle without a task config" });
});

const cores = (...speeds: readonly (readonly [base: bigint, max: bigint, guess: bigint])[]) =>
  speeds.map(([baseSpeed, maxSpeed, guessSpeed]) => ({ baseSpeed, maxSpeed, guessSpeed }));
const topologies = [
  {
    title: "base before maximum before guess",
    message: { cores: cores([2_000n, 4_000n, 3_000n], [0n, 4_000n, 3_000n], [0n, 0n, 3_000n]) },
    expected: { coreCount: 3, totalComputeMhz: 9_000 },
  },
  {
    title: "the operator's total before the sum",
    message: { overrideTotalCompute: 5_000n, cores: cores([2_000n, 0n, 0n]) },
    expected: { coreCount: 1, totalComputeMhz: 5_000 },
  },
  { title: "no cores", message: {}, expected: { coreCount: 0, totalComputeMhz: 0 } },
] as const;

for (const { title, message, expected } of topologies) {
  test(`total compute: ${title}`, () => {
    const request = create(SetConfigRequestSchema, {
      nomadConfig: {
        driver: {
          ClientMinPort: 14_000,
          ClientMaxPort: 14_512,
          Topology: { ...message, cores: "cores" in message ? [...message.cores] : [] },
        },
      },
    });
    assert.deepEqual(fromSetConfigMessage(request).client, { minPort: 14_000, maxPort: 14_512, topology: expected });
  });
}

test("an agent without topology, or without its own config, leaves them undefined", () => {
  assert.deepEqual(fromSetConfigMessage(create(SetConfigRequestSchema, { nomadConfig: { driver: {} } })).client, {
    minPort: 0,
    maxPort: 0,
    topology: undefined,
  });
  assert.equal(fromSetConfigMessage(create(SetConfigRequestSchema)).client, undefined);
});

test("attributes that protobuf or JSON cannot carry as numbers are sent as text", () => {
  const { attributes } = toFingerprintMessage({
    health: "healthy",
    healthDescription: "",
    attributes: { a: Number.NaN, b: 2n ** 63n, c: 5n, d: 1.5, e: true },
  });
  assert.deepEqual(attributes, {
    a: { value: { case: "stringVal", value: "NaN" } },
    b: { value: { case: "stringVal", value: "9223372036854775808" } },
    c: { value: { case: "intVal", value: 5n } },
    d: { value: { case: "floatVal", value: 1.5 } },
    e: { value: { case: "boolVal", value: true } },
  });
});

test("a fingerprint that failed, and attributes with units, are understood", () => {
  const message = create(FingerprintResponseSchema, {
    err: "engine is gone",
    health: 2,
    attributes: { memory: { value: { case: "intVal", value: 512n }, unit: "MiB" }, empty: {} },
  });
  assert.deepEqual(fromFingerprintMessage(message), {
    health: "unhealthy",
    healthDescription: "engine is gone",
    attributes: { memory: "512MiB", empty: "" },
  });
});

test("a spec with missing parts is refused by name", () => {
  assert.throws(() => fromSpecMessage(create(SpecSchema)), { message: "hclspec: a spec without any kind of block" });
  assert.throws(() => fromSpecMessage(create(SpecSchema, { block: { case: "blockList", value: { name: "auth" } } })), {
    message: 'hclspec: block "auth" has no nested spec',
  });
});

test("a port that does not fit is refused with Nomad's text", () => {
  assert.throws(() => toOverrideMessage({ ip: "10.0.0.1", portMap: { http: 2 ** 31 }, autoAdvertise: false }), {
    message: "port map out of bounds",
  });
  assert.throws(() => toOverrideMessage({ ip: "10.0.0.1", portMap: { http: 1.5 }, autoAdvertise: false }), {
    message: "port map out of bounds",
  });
});

test("what a host asks of a network keeps apart to connect it to nothing and not to connect it", () => {
  const ports = [{ label: "http", hostPort: 25_000, to: 8080, hostIp: "127.0.0.1" }];
  const apart = { hostname: "shop", connection: { ports: [], isLoopbackOnly: true } };
  for (const wish of [
    { hostname: "" },
    { hostname: "shop", connection: { ports: [] } },
    { hostname: "shop", connection: { ports } },
    apart,
  ]) {
    const { allocId, hostname, connection } = create(CreateNetworkRequestSchema, toNetworkMessage("a1", wish));
    assert.deepEqual([allocId, toNetworkWish(hostname, connection)], ["a1", wish]);
  }
});
