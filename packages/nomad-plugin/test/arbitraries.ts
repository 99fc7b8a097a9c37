import fc from "fast-check";
import type {
  AttributeValue,
  DriverCapabilities,
  ExitResult,
  Fingerprint,
  NetworkIsolationSpec,
  PluginConfig,
  Spec,
  TaskConfig,
  TaskEvent,
  TaskHandle,
  TaskResources,
  TaskStats,
  TaskStatus,
} from "../src/index.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const name = fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__");
const texts = fc.dictionary(name, text, { maxKeys: 4 });
const bytes = fc.uint8Array({ maxLength: 40 });
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const natural = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const whole = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
const float = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const moment = fc.date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });
const mode = fc.constantFrom("host", "group", "task", "none");

const isolation: fc.Arbitrary<NetworkIsolationSpec> = fc.record({
  mode,
  path: text,
  labels: texts,
  hosts: fc.option(fc.record({ hostname: text, address: text }), { nil: undefined }),
});

const networkPorts = fc.array(fc.record({ label: text, port: int32 }), { maxLength: 2 });

export const resources: fc.Arbitrary<TaskResources> = fc.record({
  cpuShares: whole,
  memoryMb: whole,
  memoryMaxMb: whole,
  networks: fc.array(fc.record({ device: text, cidr: text, ip: text, reservedPorts: networkPorts, dynamicPorts: networkPorts }), {
    maxLength: 2,
  }),
  ports: fc.array(fc.record({ label: text, hostPort: int32, to: int32, hostIp: text }), { maxLength: 2 }),
  linux: fc.record({
    cpuPeriodUs: whole,
    cpuQuotaUs: whole,
    cpuShares: whole,
    memoryLimitBytes: whole,
    oomScoreAdj: whole,
    cpusetCpus: text,
    cpusetCgroup: text,
    percentTicks: float,
  }),
});

export const taskConfig: fc.Arbitrary<TaskConfig> = fc.record({
  id: text,
  name: text,
  allocId: text,
  jobName: text,
  jobId: text,
  taskGroupName: text,
  namespace: text,
  nodeName: text,
  nodeId: text,
  parentJobId: text,
  user: text,
  allocDir: text,
  stdoutPath: text,
  stderrPath: text,
  env: texts,
  deviceEnv: texts,
  resources,
  mounts: fc.array(
    fc.record({ taskPath: text, hostPath: text, readonly: fc.boolean(), propagationMode: text, selinuxLabel: text, requestName: text }),
    { maxLength: 2 },
  ),
  devices: fc.array(fc.record({ taskPath: text, hostPath: text, cgroupPermissions: text }), { maxLength: 2 }),
  dns: fc.option(fc.record({ servers: fc.array(text), searches: fc.array(text), options: fc.array(text) }), { nil: undefined }),
  networkIsolation: fc.option(isolation, { nil: undefined }),
  driverConfig: bytes,
});

export const exitResult: fc.Arbitrary<ExitResult> = fc.record({ exitCode: int32, signal: int32, oomKilled: fc.boolean() });

export const taskHandle: fc.Arbitrary<TaskHandle> = fc.record({
  version: int32,
  config: taskConfig,
  state: fc.constantFrom("unknown", "running", "exited"),
  driverState: bytes,
});

const times = { startedAt: fc.option(moment, { nil: undefined }), completedAt: fc.option(moment, { nil: undefined }) };

export const taskStatus: fc.Arbitrary<TaskStatus> = fc.oneof(
  fc.record({ id: text, name: text, state: fc.constant("exited"), ...times, result: exitResult, attributes: texts }),
  fc.record({
    id: text,
    name: text,
    state: fc.constantFrom("unknown", "running"),
    ...times,
    result: fc.constant(undefined),
    attributes: texts,
  }),
);

export const taskStats: fc.Arbitrary<TaskStats> = fc.record({
  timestampNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  cpu: fc.record(
    { percent: float, userPercent: float, systemPercent: float, totalTicksMhz: float, throttledPeriods: natural, throttledTimeNs: natural },
    { requiredKeys: [] },
  ),
  memory: fc.record(
    {
      usageBytes: natural,
      rssBytes: natural,
      cacheBytes: natural,
      swapBytes: natural,
      maxUsageBytes: natural,
      kernelUsageBytes: natural,
      kernelMaxUsageBytes: natural,
    },
    { requiredKeys: [] },
  ),
});

export const taskEvent: fc.Arbitrary<TaskEvent> = fc.record({
  taskId: text,
  taskName: text,
  allocId: text,
  timestamp: moment,
  message: text,
  annotations: texts,
});

const attribute: fc.Arbitrary<AttributeValue> = fc.oneof(text, float, fc.boolean(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

export const fingerprint: fc.Arbitrary<Fingerprint> = fc.record({
  health: fc.constantFrom("undetected", "unhealthy", "healthy"),
  healthDescription: text,
  attributes: fc.dictionary(name, attribute, { maxKeys: 4 }),
});

export const capabilities: fc.Arbitrary<DriverCapabilities> = fc.record({
  sendSignals: fc.boolean(),
  exec: fc.boolean(),
  fsIsolation: fc.constantFrom("none", "chroot", "image", "unveil"),
  networkIsolationModes: fc.array(mode, { maxLength: 4 }),
  mustCreateNetwork: fc.boolean(),
  acceptsMounts: fc.boolean(),
  disableLogCollection: fc.boolean(),
  dynamicWorkloadUsers: fc.boolean(),
});

const port = fc.nat({ max: 65_535 });
const topology = fc
  .record({ coreCount: fc.nat({ max: 256 }), totalComputeMhz: fc.nat({ max: 10_000_000 }) })
  .map((value) => (value.coreCount === 0 ? { ...value, totalComputeMhz: 0 } : value));

export const pluginConfig: fc.Arbitrary<PluginConfig> = fc.record({
  msgpack: bytes,
  apiVersion: text,
  client: fc.option(fc.record({ minPort: port, maxPort: port, topology: fc.option(topology, { nil: undefined }) }), { nil: undefined }),
});

const items = { name: text, minItems: fc.nat(), maxItems: fc.nat() };

export const spec: fc.Arbitrary<Spec> = fc.letrec<{ spec: Spec }>((tie) => {
  const nested = tie("spec");
  return {
    spec: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constant("attr"), name: text, type: text, required: fc.boolean() }),
      fc.record({ kind: fc.constant("literal"), value: text }),
      fc.record({ kind: fc.constant("block-attrs"), name: text, type: text, required: fc.boolean() }),
      fc.record({ kind: fc.constant("object"), attributes: fc.dictionary(name, nested, { maxKeys: 3 }) }),
      fc.record({ kind: fc.constant("array"), values: fc.array(nested, { maxLength: 3 }) }),
      fc.record({ kind: fc.constant("block"), name: text, required: fc.boolean(), nested }),
      fc.record({ kind: fc.constantFrom("block-list", "block-set"), ...items, nested }),
      fc.record({ kind: fc.constant("block-map"), name: text, labels: fc.array(text, { maxLength: 2 }), nested }),
      fc.record({ kind: fc.constant("default"), primary: nested, fallback: nested }),
    ) as fc.Arbitrary<Spec>, // the builder's union of literal kinds is wider than fast-check infers
  };
}).spec;
