import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { DriverRig, type TaskWishes } from "@driver/testing";

/** As it is: crun 0.17 sets it, though it is the whole host's. */
const panic = readFileSync("/proc/sys/kernel/panic", "utf8").trim();

/** What a job asks for in vain, and what its author is told behind Podman's own words. */
const cases: readonly { readonly wishes: TaskWishes; readonly told: string }[] = [
  { wishes: { config: { working_dir: "/no/such" } }, told: 'working_dir = "/no/such", which must be a folder of the image' },
  { wishes: { config: { work_dir: "/etc/passwd" } }, told: 'work_dir = "/etc/passwd", which must not be a file' },
  { wishes: { config: { init: true, init_path: "/no/such" } }, told: 'init_path = "/no/such", which must be a program of the host' },
  { wishes: { config: { timezone: "Nowhere/City" } }, told: 'timezone = "Nowhere/City", which must be a file below' },
  { wishes: { user: "nosuch" }, told: 'user = "nosuch", which must be a user of the image' },
  { wishes: { user: "1000:nosuch" }, told: 'user = "1000:nosuch", which must be a user of the image' },
  { wishes: { config: { group_add: ["nosuch"] } }, told: 'group_add = ["nosuch"], which must be names' },
  { wishes: { config: { security_opt: ["seccomp=/no/such"] } }, told: 'security_opt = "seccomp=/no/such", which must be a profile' },
  { wishes: { config: { pid_mode: "container:nosuch" } }, told: 'pid_mode = "container:nosuch", which must be a container of this' },
  { wishes: { config: { userns: "container:nosuch" } }, told: 'userns = "container:nosuch", which must be a container' },
  { wishes: { config: { network_mode: "container:nosuch" } }, told: 'network_mode = "container:nosuch", which must be a container' },
  { wishes: { config: { ipc_mode: "ns:/no/such" } }, told: 'ipc_mode = "ns:/no/such", which must be the file of such a namespace' },
  { wishes: { config: { network_mode: "ns:/no/such" } }, told: 'network_mode = "ns:/no/such", which must be the file' },
  { wishes: { config: { uts_mode: "ns:/proc/1/ns/net" } }, told: 'uts_mode = "ns:/proc/1/ns/net", which must be the file' },
  { wishes: { config: { secrets: [{ name: "nosuch" }] } }, told: 'secrets[0].name = "nosuch", which must be one' },
  { wishes: { config: { secrets: [{ name: "nosuch", env: "A" }] } }, told: 'secrets[0].name = "nosuch", which must be one' },
  { wishes: { config: { devices: ["/dev/no-such"] } }, told: 'devices[0] = "/dev/no-such", which must be there on the host' },
  { wishes: { config: { sysctl: [{ "kernel.panic": panic }] } }, told: `sysctl.kernel.panic = "${panic}", which must be a setting of` },
  { wishes: { config: { sysctl: [{ "net.ipv4.ip_forward": "x" }] } }, told: 'sysctl.net.ipv4.ip_forward = "x", which must be' },
  { wishes: { config: { userns: "private", uidmap: ["1:100000:9"] } }, told: 'userns = "private", whose uidmap and gidmap must' },
  { wishes: { config: { volumes: ["/etc/passwd:/etc"] } }, told: 'volumes[0] = "/etc/passwd:/etc", which cannot be mounted there' },
];

test("a start that Podman refuses for what a key says names the key", () => checkNamed(cases));

const unified = "/sys/fs/cgroup/cgroup.controllers";
const lacksNodes = existsSync(unified) && !readFileSync(unified, "utf8").includes("cpuset");

test("a start that Podman refuses for nodes of memory that the host lacks names the key", { skip: lacksNodes && "wants cpuset" }, () =>
  checkNamed([{ wishes: { config: { cpuset_mems: "9" } }, told: 'cpuset_mems = "9", which must be nodes that the host has' }]));

async function checkNamed(all: typeof cases): Promise<void> {
  await using rig = await DriverRig.start();
  const unnamed: string[] = [];
  for (const { wishes, told } of all) {
    const start = rig.runScript("true", { ...wishes, config: { network_mode: "none", ...wishes.config } });
    const text = await start.then(() => "it has started", String);
    if (!text.includes("podman answered") || !text.includes(`; the task's config has ${told}`)) unnamed.push(`${told}: ${text}`);
  }
  assert.deepEqual(unnamed, []);
}
