import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, TaskResources } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import fc from "fast-check";
import type { EngineFacts } from "../../engine/engine-facts.ts";
import { mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";
import { memoryLimitBytes } from "./memory.ts";

type Limits = NonNullable<ContainerSpec["resource_limits"]>;

const mib = 1_048_576;
const { resources } = plainTask();
const rootful: Partial<EngineFacts> = { rootless: false, cgroupControllers: ["cpuset", "cpu", "io", "memory", "pids"] };
const rootlessWith = (...cgroupControllers: readonly string[]): Partial<EngineFacts> => ({ rootless: true, cgroupControllers });
const withLinux = (linux: Partial<TaskResources["linux"]>): TaskResources => ({ ...resources, linux: { ...resources.linux, ...linux } });
const limitsOf = (given: TaskResources, more: Wishes = {}): Limits =>
  specOf({ facts: rootful, ...more, task: { resources: given } }).resource_limits ?? {};
const cpuOf = (given: TaskResources, more: Wishes = {}): Limits["cpu"] => limitsOf(given, more).cpu;

const memories = [
  { memoryMb: 64, memoryMaxMb: 0, memory: { limit: 64 * mib } },
  { memoryMb: 64, memoryMaxMb: 128, memory: { limit: 128 * mib, reservation: 64 * mib } },
  { memoryMb: 0, memoryMaxMb: 128, memory: { limit: 128 * mib } },
  { memoryMb: 64, memoryMaxMb: -1, memory: { reservation: 64 * mib } },
  { memoryMb: 0, memoryMaxMb: -1, memory: undefined },
  { memoryMb: 0, memoryMaxMb: 0, memory: undefined },
];
for (const { memory, ...wanted } of memories) {
  test(`limits memory for ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual(limitsOf({ ...resources, ...wanted }).memory, memory);
    assert.equal(memoryLimitBytes({ ...resources, ...wanted }), memory?.limit);
  });
}

test("knows which memory limit the container gets", () => {
  const of = (facts: Partial<EngineFacts>, config: HclRecord = {}): number | undefined =>
    planOf({ config, facts, task: { resources: { ...resources, memoryMb: 64 } } }).terms.memoryLimitBytes;
  assert.deepEqual(
    [of(rootful), of(rootful, { memory_hard_limit: 128 }), of(rootlessWith("memory")), of(rootlessWith("cpu"))],
    [64 * mib, 128 * mib, 64 * mib, undefined],
  );
});

test("tells that a rootless Podman holds no limits on cgroup v1 where that says nothing itself", () => {
  const noticesOf = (facts: Partial<EngineFacts>): string => planOf({ facts: { rootless: true, ...facts } }).notices.join();
  assert.match(noticesOf({ version: "3.0.1", cgroupVersion: "v1" }), /limits are not applied: a rootless Podman holds none/);
  assert.equal(noticesOf({ version: "4.3.1", cgroupVersion: "v1" }), "");
  assert.equal(noticesOf({ version: "3.4.4", cgroupVersion: "v2", cgroupManager: "systemd" }), "");
  assert.equal(noticesOf({ version: "3.0.1", cgroupVersion: "v1", rootless: false }), "");
});

test("tells that a rootless Podman holds no limits on cgroup v2 where systemd does not make its groups", () => {
  const users = { ...rootlessWith("cpu", "memory", "pids"), cgroupVersion: "v2", cgroupManager: "cgroupfs" };
  const noticesOf = (facts: Partial<EngineFacts>): string => planOf({ facts: { ...users, ...facts } }).notices.join();
  assert.match(noticesOf({}), /^limits are not applied: a rootless Podman holds none while .* is "cgroupfs"; "systemd" would be right/);
  assert.equal(noticesOf({ cgroupManager: "systemd" }), "");
  assert.equal(noticesOf({ rootless: false }), "");
});

const weights: readonly { readonly facts: Partial<EngineFacts>; readonly cpuShares: number; readonly cpu: object }[] = [
  { facts: rootful, cpuShares: 100, cpu: { shares: 100 } },
  { facts: rootlessWith(), cpuShares: 100, cpu: {} },
  { facts: rootlessWith("memory", "pids"), cpuShares: 100, cpu: {} },
  { facts: rootlessWith("cpu", "memory", "pids"), cpuShares: 100, cpu: { shares: 100 } },
  { facts: rootful, cpuShares: 0, cpu: {} },
  ...[
    [1, 2],
    [2, 2],
    [262_144, 262_144],
    [262_145, 262_144],
    [1e9, 262_144],
  ].map(([cpuShares = 0, shares]) => ({ facts: rootful, cpuShares, cpu: { shares } })),
];
for (const { facts, cpuShares, cpu } of weights) {
  test(`weighs a task of ${cpuShares} shares as ${JSON.stringify(cpu)} on ${JSON.stringify(facts)}`, () =>
    assert.deepEqual(cpuOf({ ...resources, cpuShares }, { facts }), cpu));
}

test("confines a task to its reserved cores", () => {
  assert.deepEqual(cpuOf(withLinux({ cpusetCpus: "0,2-3" })), { shares: 100, cpus: "0,2-3" });
});

const given = [
  { linux: { cpuQuotaUs: 5000, cpuPeriodUs: 20_000 }, cpu: { shares: 100, quota: 5000, period: 20_000 } },
  { linux: { cpuQuotaUs: 5000 }, cpu: { shares: 100, quota: 5000 } },
  { linux: { cpuPeriodUs: 20_000 }, cpu: { shares: 100, period: 20_000 } },
];
for (const { linux, cpu } of given) {
  test(`takes the quota that Nomad gives: ${JSON.stringify(linux)}`, () => assert.deepEqual(cpuOf(withLinux(linux)), cpu));
}

const quotas = [
  { percentTicks: 0.25, periodUs: 0, quota: 100_000, period: 100_000 },
  { percentTicks: 0.25, periodUs: 50_000, quota: 50_000, period: 50_000 },
  { percentTicks: 1, periodUs: 1_000_000, quota: 4_000_000, period: 1_000_000 },
  { percentTicks: 0.000001, periodUs: 0, quota: 1000, period: 100_000 },
  { percentTicks: 0.5, periodUs: 1, quota: 2000, period: 1000 },
];
for (const { percentTicks, periodUs, quota, period } of quotas) {
  test(`limits CPU hard to ${percentTicks} of 4 cores with a period of ${periodUs}`, () => {
    const cpu = cpuOf(withLinux({ percentTicks }), { config: { cpu_hard_limit: true, cpu_cfs_period: periodUs } });
    assert.deepEqual([cpu?.quota, cpu?.period], [quota, period]);
  });
}

test("limits CPU hard only where the task asks for it", () => {
  for (const config of [{}, { cpu_hard_limit: false, cpu_cfs_period: 50_000 }]) {
    assert.deepEqual(cpuOf(resources, { config }), { shares: 100 });
  }
});

const onCore = withLinux({ cpusetCpus: "1" });
const hard = { cpu_hard_limit: true };
const delegation = "have systemd delegate it to the user (Delegate= of user@.service), or use a rootful socket";

test("runs a rootless task without what its user's cgroups cannot hold, and says so", () => {
  const rows: readonly {
    readonly given: TaskResources;
    readonly config: HclRecord;
    readonly controllers: readonly string[];
    readonly what: string;
    readonly needs: string;
  }[] = [
    { given: onCore, config: {}, controllers: ["cpu", "memory", "pids"], what: "cores are", needs: "cpuset" },
    {
      given: resources,
      config: hard,
      controllers: ["memory", "pids"],
      what: "the CPU shares and cpu_hard_limit are",
      needs: "cpu",
    },
    { given: resources, config: {}, controllers: ["memory", "pids"], what: "the CPU shares are", needs: "cpu" },
    { given: resources, config: {}, controllers: ["cpu", "pids"], what: "the memory limit is", needs: "memory" },
  ];
  for (const { given, config, controllers, what, needs } of rows) {
    const { spec, notices } = planOf({ task: { resources: given }, config, facts: rootlessWith(...controllers) });
    assert.deepEqual(notices, [
      `${what} not applied: it needs the cgroup controller ${needs}, and this rootless Podman has ${controllers.join(", ")}; ${delegation}`,
    ]);
    const { cpu, memory } = spec.resource_limits ?? {};
    assert.deepEqual(
      { cpus: cpu?.cpus, quota: cpu?.quota, hasShares: cpu?.shares !== undefined, hasMemory: memory !== undefined },
      { cpus: undefined, quota: undefined, hasShares: needs !== "cpu", hasMemory: needs !== "memory" },
    );
  }
  assert.equal(cpuOf(onCore, { facts: rootlessWith("cpuset", "cpu", "memory") })?.cpus, "1");
  assert.equal(cpuOf(onCore, { facts: rootlessWith() })?.cpus, "1");
  assert.ok(cpuOf(resources, { config: hard, facts: rootlessWith("cpu", "memory") })?.quota !== undefined);
  assert.deepEqual(planOf({ task: { resources: onCore }, config: hard, facts: { ...rootful, cgroupVersion: "v2" } }).notices, []);
});

test("runs without what the host's own cgroups cannot hold too", () => {
  const facts = { rootless: false, cgroupVersion: "v2", cgroupControllers: ["io", "pids"] };
  const lost = (what: string, needs: string): string =>
    `${what} not applied: it needs the cgroup controller ${needs}, and this Podman has io, pids; ` +
    "have the host's kernel enable it (/sys/fs/cgroup/cgroup.controllers lists those it has)";
  const ofCpu = "the CPU shares and cpu_hard_limit are";
  const { spec, notices } = planOf({ task: { resources: onCore }, config: hard, facts });
  assert.deepEqual(notices, [lost("the memory limit is", "memory"), lost(ofCpu, "cpu"), lost("cores are", "cpuset")]);
  assert.deepEqual(spec.resource_limits, { cpu: {} });
  // Names of v1 are others, and it has what they stand for.
  assert.deepEqual(planOf({ facts: { ...facts, cgroupVersion: "v1" } }).notices, []);
});

test("refuses a period that the kernel does not take", () => {
  const config = { ...hard, cpu_cfs_period: 1_000_001 };
  const message = "config key cpu_cfs_period: 1000001 is too long; at most 1000000 microseconds would be right";
  assert.throws(() => cpuOf(resources, { config }), { code: "config-invalid", message });
  assert.deepEqual(mistakesOf({ config }), [`cpu_cfs_period > ${message}`]);
});

test("never asks the kernel for less than it takes", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 256 }),
      (percentTicks, periodUs, hostCpuCount) => {
        const cpu = cpuOf(withLinux({ percentTicks }), { config: { ...hard, cpu_cfs_period: periodUs }, settings: { hostCpuCount } });
        assert.ok(cpu?.quota !== undefined && cpu.period !== undefined);
        assert.ok(Number.isSafeInteger(cpu.quota) && cpu.quota >= 1000 && cpu.period >= 1000 && cpu.period <= 1_000_000);
        assert.ok(cpu.quota <= Math.max(1000, cpu.period * hostCpuCount));
      },
    ),
  );
});

test("passes on how inclined the kernel is to kill the task", () => {
  assert.equal(specOf({ task: { resources: withLinux({ oomScoreAdj: -500 }) } }).oom_score_adj, -500);
  assert.ok(!("oom_score_adj" in specOf()));
});

test("takes the task's own word on that before Nomad's", () => {
  const task = { resources: withLinux({ oomScoreAdj: -500 }) };
  assert.equal(specOf({ task, config: { oom_score_adj: 300 } }).oom_score_adj, 300);
  assert.equal(specOf({ task, config: { oom_score_adj: 0 } }).oom_score_adj, -500);
  for (const score of [-1001, 1001]) {
    const message = `config key oom_score_adj: ${score} is out of range; -1000 to 1000 would be right`;
    assert.deepEqual(mistakesOf({ config: { oom_score_adj: score } }), [`oom_score_adj > ${message}`]);
  }
});

test("confines a task's memory to NUMA nodes", () => {
  assert.deepEqual(specOf({ config: { cpuset_mems: "0-1,3" } }).resource_limits?.cpu, { shares: 100, mems: "0-1,3" });
  assert.match(
    mistakesOf({ config: { cpuset_mems: "1,3-2" } }).join(),
    /^cpuset_mems > config key cpuset_mems: "1,3-2" is no list of NUMA nodes/,
  );
  assert.match(
    mistakesOf({ config: { cpuset_mems: "all" } }).join(),
    /^cpuset_mems > config key cpuset_mems: "all" is no list of NUMA nodes; write e\.g\. 0 or 0-1,3$/,
  );
});

test("says that Docker's cpuset_cpus is not used, and where cores are reserved", () => {
  const { spec, notices } = planOf({ config: { cpuset_cpus: "0-1" } });
  assert.deepEqual(
    [spec.resource_limits?.cpu, notices],
    [{ shares: 100 }, ["config key cpuset_cpus is not used: reserve cores with resources.cores"]],
  );
});

for (const { pids, planned } of [{ pids: 64, planned: { limit: 64 } }, { pids: 0, planned: undefined }, { pids: -1, planned: undefined }]) {
  test(`plans ${pids} processes as ${JSON.stringify(planned)}`, () =>
    assert.deepEqual(limitsOf(resources, { config: { pids_limit: pids } }).pids, planned));
}

test("refuses more processes than Linux has", () => {
  assert.deepEqual(limitsOf(resources, { config: { pids_limit: 4_194_304 } }).pids, { limit: 4_194_304 });
  assert.deepEqual(mistakesOf({ config: { pids_limit: 4_194_305 } }), [
    "pids_limit > config key pids_limit: 4194305 is more than Linux has; at most 4194304 would be right",
  ]);
});

test("runs a rootless task without limits of its own that nobody delegated, and says each", () => {
  const config = {
    cpuset_mems: "0",
    pids_limit: 64,
    blkio_weight: 20,
    device_read_bps: ["/dev/sda:1m"],
    cgroup_conf: [{ "hugetlb.2MB.max": "0", "memory.high": "33554432", "io.latency": "8:0 target=10" }],
  };
  const facts = { ...rootlessWith("cpu", "memory"), cgroupVersion: "v2", cgroupManager: "systemd" };
  const { spec, notices, needs } = planOf({ config, facts });
  const lost = (what: string, controller: string): string =>
    `${what} not applied: it needs the cgroup controller ${controller}, and this rootless Podman has cpu, memory; ${delegation}`;
  assert.deepEqual(notices, [
    lost("cpuset_mems is", "cpuset"),
    lost("pids_limit is", "pids"),
    lost("blkio_weight and device_read_bps are", "io"),
    lost("cgroup_conf's hugetlb.2MB.max is", "hugetlb"),
    lost("cgroup_conf's io.latency is", "io"),
  ]);
  const { cpu, memory, ...others } = spec.resource_limits ?? {};
  assert.deepEqual([cpu?.mems, memory !== undefined, others], [undefined, true, { unified: { "memory.high": "33554432" } }]);
  assert.equal(spec.throttleReadBpsDevice, undefined);
  assert.deepEqual(needs.filter(({ kind }) => kind === "device"), []);
});

test("passes on the kernel's settings", () => {
  assert.deepEqual(specOf({ config: { sysctl: [{ "net.core.somaxconn": "64" }, { "kernel.msgmax": "9000" }] } }).sysctl, {
    "net.core.somaxconn": "64",
    "kernel.msgmax": "9000",
  });
  for (const config of [{}, { sysctl: [{}] }, { sysctl: null }]) assert.ok(!("sysctl" in specOf({ config })));
});

test("says of a kernel's setting without a value that it is not set", () => {
  const plan = planOf({ config: { sysctl: [{ "net.core.somaxconn": "", "kernel.msgmax": "9000" }] } });
  assert.deepEqual(plan.spec.sysctl, { "kernel.msgmax": "9000" });
  assert.deepEqual(plan.notices, ["sysctl.net.core.somaxconn is not set: its value is empty"]);
});

for (const [first, second] of [
  ["net.core.somaxconn", "net/core/somaxconn"],
  ["net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"],
] as const) {
  test(`refuses the kernel's setting ${first} beside ${second}, which is the same`, () =>
    assert.deepEqual(mistakesOf({ config: { sysctl: [{ [first]: "1", [second]: "2" }] } }), [
      `sysctl.${second} > config key sysctl.${second}: "2" is a second name for sysctl.${first}, which is set too; remove one of the two`,
    ]));
}

test("refuses a kernel's setting without a name", () =>
  assert.match(mistakesOf({ config: { sysctl: [{ "": "1" }] } }).join(), /^sysctl > config key sysctl: has a setting without a name/));

const slices: readonly { readonly facts: Partial<EngineFacts>; readonly parent: string | undefined }[] = [
  { facts: { cgroupVersion: "v2", cgroupManager: "systemd" }, parent: "nomad.slice" },
  { facts: { cgroupVersion: "v2" }, parent: undefined },
  { facts: { cgroupManager: "systemd" }, parent: undefined },
];
for (const { facts, parent } of slices) {
  test(`puts the task into ${parent ?? "no slice of Nomad's"} with ${JSON.stringify(facts)}`, () =>
    assert.equal(specOf({ facts }).cgroup_parent, parent));
}

test("puts the container into the slice that the agent has for its tasks", () => {
  const wishes = {
    config: {},
    task: { resources: withLinux({ cpusetCgroup: "/sys/fs/cgroup/batch.slice/share.slice/alloc.task.scope" }) },
  };
  assert.equal(planOf({ ...wishes, facts: { cgroupVersion: "v2", cgroupManager: "systemd" } }).spec.cgroup_parent, "batch.slice");
  assert.ok(!("cgroup_parent" in planOf({ ...wishes, facts: { cgroupVersion: "v2", cgroupManager: "cgroupfs" } }).spec));
});
