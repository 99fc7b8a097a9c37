import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack, type HclValue, type TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodeTaskOptions } from "../config/task-schema.ts";
import { planContainer, type ContainerPlan, type EngineFacts, type PlanPolicy } from "./container-plan.ts";

const facts: EngineFacts = { version: "4.3.1", rootless: false, cgroupVersion: "v1", cgroupManager: "cgroupfs", cgroupControllers: [] };
const policy: PlanPolicy = { extraLabels: [], dnsServers: [], defaultRootlessMode: "", hostCpuCount: 4, logCollection: "nomad", logging: { kind: "file" } };

interface Wishes {
  readonly config?: Readonly<Record<string, HclValue>>;
  readonly task?: Partial<TaskConfig>;
  readonly facts?: Partial<EngineFacts>;
  readonly policy?: Partial<PlanPolicy>;
}

function plan(wishes: Wishes = {}): ContainerPlan {
  const options = decodeTaskOptions(encodeMsgpack({ image: "busybox", ...wishes.config }));
  return planContainer({ task: plainTask(wishes.task), options, facts: { ...facts, ...wishes.facts }, policy: { ...policy, ...wishes.policy }, image: "sha256:1" });
}

test("asks for no more than the task does", () => {
  const { spec, notices } = plan();
  assert.deepEqual(Object.keys(spec).toSorted(), ["env", "image", "labels", "log_configuration", "mounts", "name", "netns", "resource_limits"]);
  assert.deepEqual([spec.name, spec.image, spec.netns], ["web-5e1f0000-0000-4000-8000-000000000001", "sha256:1", { nsmode: "bridge" }]);
  assert.deepEqual(notices, []);
});

test("carries what the task asks for", () => {
  const { spec } = plan({
    config: { command: "sh", args: ["-c", "x"], working_dir: "/w", hostname: "h", labels: [{ app: "x" }] },
    task: { user: "1000:1000", env: { A: "b" }, devices: [{ hostPath: "/dev/a", taskPath: "/dev/b", cgroupPermissions: "rw" }] },
    policy: { dnsServers: ["192.0.2.1"] },
  });
  assert.deepEqual([spec.command, spec.work_dir, spec.hostname, spec.user, spec.env], [["sh", "-c", "x"], "/w", "h", "1000:1000", { A: "b" }]);
  assert.deepEqual([spec.devices, spec.dns_server, spec.labels?.["app"]], [[{ path: "/dev/a:/dev/b:rw" }], ["192.0.2.1"], "x"]);
});

test("has conmon write the log where the task wants it, or the plugin", () => {
  const journal = { policy: { logging: { kind: "journal", options: { tag: "all" } } } } as const;
  assert.deepEqual(plan().spec.log_configuration, { driver: "k8s-file", size: 2 ** 50 });
  assert.deepEqual(plan(journal).spec.log_configuration, { driver: "journald", options: { tag: "all" } });
  assert.deepEqual(plan({ ...journal, config: { logging: { driver: "none" } } }).spec.log_configuration, { driver: "none" });
  assert.deepEqual(plan({ config: { logging: { driver: "journald", options: [{ tag: "web" }] } } }).spec.log_configuration, { driver: "journald", options: { tag: "web" } });
  assert.throws(() => plan({ config: { logging: { driver: "passthrough" } } }), { code: "unsupported", message: /logging\.driver "passthrough"/ });
});

test("lets no task write to the log folder where the driver writes the logs itself", () => {
  const logMounts = (logCollection: PlanPolicy["logCollection"]): unknown => plan({ policy: { logCollection } }).spec.mounts?.filter(({ destination }) => destination === "/alloc/logs");
  assert.deepEqual(logMounts("driver"), [{ type: "bind", source: "/alloc-dir/alloc/logs", destination: "/alloc/logs", options: ["rbind", "ro"] }]);
  assert.deepEqual([logMounts("nomad"), logMounts("off")], [[], []]);
});

test("puts tasks into Nomad's slice where systemd manages cgroups v2", () => {
  assert.equal(plan({ facts: { cgroupVersion: "v2", cgroupManager: "systemd" } }).spec.cgroup_parent, "nomad.slice");
  assert.equal(plan({ facts: { cgroupVersion: "v2" } }).spec.cgroup_parent, undefined);
  assert.equal(plan({ facts: { cgroupManager: "systemd" } }).spec.cgroup_parent, undefined);
});

test("publishes ports only where the container has a network of its own", () => {
  const port = { label: "http", hostPort: 20_001, to: 80, hostIp: "" };
  const task = { resources: { ...plainTask().resources, ports: [port] } };
  const published = (network_mode: string, more: Partial<TaskConfig> = {}): number | undefined => plan({ config: { network_mode, ports: ["http"] }, task: { ...task, ...more } }).spec.portmappings?.length;
  assert.deepEqual([published("bridge"), published("host"), published("none")], [2, undefined, undefined]);
  assert.equal(published("bridge", { networkIsolation: { mode: "group", path: "/n", labels: {} } }), undefined);
});

test("tells the task's owner when its ports are not published", () => {
  const port = { label: "http", hostPort: 20_001, to: 80, hostIp: "" };
  const task = { resources: { ...plainTask().resources, ports: [port] } };
  const notices = (network_mode: string, ports = ["http"]): readonly string[] => plan({ config: { network_mode, ports }, task }).notices;
  assert.deepEqual(notices("none"), ['ports are not published: with network_mode "none" the task has no network']);
  assert.deepEqual(notices("host"), ['ports are not published: with network_mode "host" the task listens on the host\'s own ports']);
  assert.deepEqual([notices("bridge"), notices("none", [])], [[], []]);
});

test("tells the task's owner when the ports of its own network block are not published", () => {
  const own = { device: "", cidr: "", ip: "", reservedPorts: [{ label: "http", port: 80 }], dynamicPorts: [] };
  const notices = (network_mode: string): readonly string[] => plan({ config: { network_mode }, task: { resources: { ...plainTask().resources, networks: [own] } } }).notices;
  for (const mode of ["bridge", "none"]) assert.match(notices(mode).join(), /resources\.network.*"http"/);
  assert.deepEqual(notices("host"), []);
});

test("takes what device plugins add to the environment, where the task does not say otherwise", () => {
  const { spec } = plan({ task: { env: { A: "task", B: "task" }, deviceEnv: { A: "plugin", GPU: "0" } } });
  assert.deepEqual(spec.env, { A: "task", B: "task", GPU: "0" });
});

test("tells the task's owner when its network_mode is not used", () => {
  const { notices } = plan({ config: { network_mode: "host" }, task: { networkIsolation: { mode: "group", path: "/n", labels: {} } } });
  assert.deepEqual(notices, ['network_mode "host" is not used: the task joins its group\'s network']);
});

const refused: Readonly<Record<string, HclValue>> = { volumes: ["/a:/b"], privileged: true, tmpfs: ["/t"], cap_add: ["NET_ADMIN"], pids_limit: 5, shm_size: "64m", userns: "auto", devices: ["/dev/x"], auth: { username: "u" } };
for (const [key, value] of Object.entries(refused)) {
  test(`refuses ${key}, which would be ignored otherwise`, () => {
    assert.throws(() => plan({ config: { [key]: value } }), { code: "unsupported", message: `config: ${key} is not supported yet: remove it from the task` });
  });
}

test("lets keys pass that ask for nothing", () => {
  assert.doesNotThrow(() => plan({ config: { privileged: false, volumes: [], cap_add: [], shm_size: "", oom_score_adj: 0, tty: false } }));
});

test("changes nothing it is given", () => {
  const task = plainTask();
  const before = structuredClone(task);
  planContainer({ task, options: decodeTaskOptions(encodeMsgpack({ image: "busybox" })), facts, policy, image: "x" });
  assert.deepEqual(task, before);
});
