import { encodeMsgpack, type HclRecord } from "@driver/nomad-plugin";
import { completeSpec, noSettings, planContainer, wantTask, type EngineFacts } from "@driver/podman-driver/plan";
import { plainTask, testSetting } from "@driver/testing";
import type { Part } from "../bed.ts";
import { atMost } from "../figure.ts";
import { timeStartPairs } from "../start-pairs.ts";
import { describeScatter, median } from "../statistics.ts";

const pairs = 40;
const warmUpPairs = 2;
const plans = 2000;
const warmUpPlans = 500;

/** Every key that the Go driver's readme shows, as far as one task can have them all. It gets no network: making one scatters more. */
const longConfig: HclRecord = {
  auth: { username: "someuser", password: "not-a-secret" },
  command: "sleep",
  args: ["100000"],
  working_dir: "/",
  volumes: ["local:/container/data:ro,noexec"],
  tmpfs: ["/var"],
  devices: ["/dev/net/tun"],
  hostname: "long",
  init: true,
  logging: { driver: "nomad" },
  memory_reservation: "32m",
  memory_swap: "96m",
  memory_swappiness: 60,
  network_mode: "none",
  cap_add: ["SYS_TIME"],
  cap_drop: ["MKNOD"],
  sysctl: [{ "net.core.somaxconn": "16384" }],
  privileged: false,
  tty: false,
  labels: [{ nomad: "job" }],
  force_pull: true,
};

const facts: EngineFacts = {
  ...{ version: "5.4.2", rootless: false, cgroupVersion: "v1", cgroupManager: "cgroupfs", cgroupControllers: [], ociRuntime: "runc" },
  ...{ defaultCapabilities: ["CHOWN", "KILL", "MKNOD"], selinuxEnabled: false, apparmorEnabled: false, hasSystemd: true },
  ...{ architecture: "amd64", downloadFolder: "", graphRoot: "", isRemote: false },
};

export const config: Part = {
  name: "config",
  summary: "a task with a long config: its plan, and its start against create, start and inspect of the very same container",
  async run(bed) {
    const plansMs = timePlans();
    const { driverMs, bareMs } = await timeStartPairs(bed, { config: longConfig }, pairs + warmUpPairs);
    const differencesMs = driverMs.map((value, index) => value - (bareMs[index] ?? 0)).slice(warmUpPairs);
    const [driver, bare] = [median(driverMs.slice(warmUpPairs)), median(bareMs.slice(warmUpPairs))];
    return [
      { name: "decode and plan, median", value: median(plansMs), unit: "ms", goal: atMost(1), remark: describeScatter(plansMs, "plans") },
      {
        name: "StartTask − bare, median",
        value: median(differencesMs),
        unit: "ms",
        goal: atMost(12),
        remark: describeScatter(differencesMs, "pairs"),
      },
      { name: "StartTask, median", value: driver, unit: "ms", baseline: bare, against: "bare Podman" },
      { name: "StartTask ÷ bare, medians", value: driver / bare, unit: "ratio" },
    ];
  },
};

/** The whole way from Nomad's bytes to the container's spec, in this process. */
function timePlans(): readonly number[] {
  const task = plainTask({ driverConfig: encodeMsgpack({ image: testSetting("TEST_IMAGE"), ...longConfig }) });
  const times = Array.from({ length: plans + warmUpPlans }, () => {
    const startMs = performance.now();
    const plan = planContainer({ task, decoded: wantTask(task, noSettings), settings: noSettings, facts, socketName: "default" });
    completeSpec(plan, { image: "busybox", mountedImages: [], paths: new Map(), containers: new Map() });
    return performance.now() - startMs;
  });
  return times.slice(warmUpPlans);
}
