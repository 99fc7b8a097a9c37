import assert from "node:assert/strict";
import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { findTool, requestEngine, RiggedNetwork, runProcess, testSetting } from "@driver/testing";

import { CliWorkplace } from "./cli-run.ts";
import { ServedFile } from "./served-file.ts";

const path = join(import.meta.dirname, "jobs/docker.nomad.hcl");
const namespaces = ["cgroup", "ipc", "net", "pid", "user", "uts"] as const;

/** What the tasks print, in their order. */
async function expectedOutput(): Promise<readonly string[]> {
  const open = await Promise.all(namespaces.map(async (name) => `open | ${await readlink(`/proc/self/ns/${name}`)}`));
  const joined = ["mac 02:42:ac:11:00:0b", "address 10.201.90.10", "address6 fd00:90::10", "alias 1"].map((line) => `joined | ${line}`);
  const limited = [
    "in /made/by/docker",
    "input pipe",
    "groups 0 4242",
    "shm 32768k",
    `memory ${96 * 1_048_576}`,
    "period 50000",
    "pids 64",
    "score 300",
    "files 1024 2048",
    "queue 77",
    "resolver search example.test nameserver 192.0.2.53 options ndots:2",
    "hosts 1",
    "device 1:3",
    "named text",
    "memory-mount 1024k",
    "volume tmpfs",
    "bound read-only",
    "shared read-only",
  ].map((line) => `limited | ${line}`);
  const confined = [
    "host moved-host",
    "init first",
    "terminal",
    "net_admin 1",
    "mknod 0",
    "chown 0",
    "kill 1",
    "locked 1",
    "root read-only",
    "mode 750",
  ].map((line) => `confined | ${line}`);
  return [...joined, ...limited, "mapped | inside 8081", ...confined, ...open, "open | mapped text"];
}

function ask(method: "GET" | "DELETE", path: string): Promise<{ readonly status: number; readonly text: string }> {
  return requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method, path, body: new Uint8Array(), signal: AbortSignal.timeout(60_000) });
}

async function podman(...args: readonly string[]): Promise<void> {
  const url = `unix://${testSetting("TEST_PODMAN_SOCKET")}`;
  const signal = AbortSignal.timeout(60_000);
  const { code, stderr } = await runProcess(findTool("podman") ?? "podman", ["--url", url, ...args], { signal });
  assert.equal(code, 0, stderr);
}

/** Writes an archive as `docker save` makes it; the engine has no image of that name afterwards. */
async function saveImage(name: string, archivePath: string): Promise<string> {
  await podman("tag", testSetting("TEST_IMAGE"), name);
  await podman("save", "--format", "docker-archive", "--output", archivePath, name);
  await podman("untag", testSetting("TEST_IMAGE"), name);
  return archivePath;
}

test("a job of Nomad's Docker driver with another driver's name runs, and each key does what it does there", async () => {
  const volume = `docker-job-${process.pid}`;
  await using owned = new AsyncDisposableStack();
  const made = `${volume}-made`;
  for (const name of [volume, made]) owned.defer(async () => void (await ask("DELETE", `/volumes/${name}`)));
  const network = owned.use(await RiggedNetwork.create(`docker-job-${process.pid}`, "10.201.90"));
  const workplace = owned.use(await CliWorkplace.create());
  const { ociRuntime } = JSON.parse((await ask("GET", "/info")).text).host;
  const image = `docker-job-${process.pid}:1`;
  const archive = owned.use(await ServedFile.start(await saveImage(image, join(workplace.path, "moved.tar"))));
  owned.defer(() => podman("rmi", image));
  const variables = { runtime: ociRuntime.name, network: network.name, volume, image, archive: archive.url };
  const options = Object.entries(variables).flatMap(([name, value]) => ["-var", `${name}=${value}`]);
  const { code, stdout, stderr } = await workplace.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), ...options, path]);
  const lines = [...stdout.matchAll(/^(\S+) +(\|.*)$/gm)].map(([, task, line]) => `${task} ${line}`);
  const byTask = (all: readonly string[]): object => Object.groupBy(all, (line) => line.split(" ")[0] ?? "");
  assert.deepEqual(byTask(lines), byTask(await expectedOutput()), stderr);
  assert.equal(JSON.parse((await ask("GET", `/volumes/${made}/json`)).text).Labels.moved, "yes");
  assert.match(stderr, /limited +\* .*container_exists_attempts is not used/);
  assert.match(stderr, /limited +\* .*cpuset_cpus is not used: reserve cores with resources\.cores/);
  assert.match(stderr, /confined +\* .*auth\.email is not used/);
  assert.match(stderr, /confined +\* Loaded image \S+local\/moved\.tar/);
  assert.equal(code, 0, stderr);
});

const agentPath = join(import.meta.dirname, "jobs/shapes/docker-agent.plugin.hcl");
const docker = "unix:///var/run/docker.sock";

/** Runs a job of two groups, of which one is privileged, with an agent's file and more options. */
async function runWith(agent: string, ...options: readonly string[]): ReturnType<CliWorkplace["run"]> {
  await using workplace = await CliWorkplace.create();
  const group = (name: string, config: string): string => `  group "${name}" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    task "${name}" {
      driver = "podman"
      config {
        image = "${testSetting("TEST_IMAGE")}"
        ${config}
      }
    }
  }
`;
  const pids = "$(cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null)";
  const script = `echo pids ${pids} raw $((0x$(sed -n 's/^CapBnd:.//p' /proc/self/status) >> 13 & 1))`;
  const plain = group("plain", `command = "sh"\n        args = ["-c", "${script}"]`);
  const job = `job "agent" {\n  type = "batch"\n${plain}${group("privileged", "privileged = true")}}\n`;
  return await workplace.run([
    ...["run", ...options, "-plugin-config", await workplace.write("agent.hcl", agent)],
    await workplace.write("job.hcl", job),
  ]);
}

test("an agent block of Nomad's Docker driver with another plugin's name configures this one", async () => {
  const agent = (await readFile(agentPath, "utf8")).replace(docker, `unix://${testSetting("TEST_PODMAN_SOCKET")}`);
  const { code, stdout, stderr } = await runWith(agent);
  assert.match(stdout, /^plain\[0\]\/plain +\| pids 128 raw 0$/m, stderr);
  assert.match(stderr, /privileged +\* failed: config key privileged: true is not allowed on this client; .*allow_privileged = true/);
  for (const key of ["nvidia_runtime", "container_exists_attempts", "oom_score_adj"]) {
    assert.match(stderr, new RegExp(`config key ${key} is not used: `));
  }
  assert.equal(code, 1);
});

test("its tls block goes with an endpoint over tcp, and one that says nothing with any", async () => {
  const agent = (endpoint: string, tls: string): string =>
    `plugin "nomad-driver-podman" {\n  config {\n    endpoint = "${endpoint}"\n    tls {\n${tls}    }\n  }\n}\n`;
  const keys = ["cert", "key", "ca"].map((key) => `      ${key} = "/etc/docker/${key}.pem"\n`).join("");
  const { code, stderr } = await runWith(agent("unix:///nowhere.sock", keys));
  assert.match(stderr, /config key tls: is for a tcp address, and the socket is one of this host; remove it/);
  assert.doesNotMatch(stderr, /mistakes|nowhere/);
  assert.equal(code, 1);
  assert.match((await runWith(agent("unix:///nowhere.sock", '      cert = ""\n'))).stderr, /nowhere\.sock/);
  const unreadable = await runWith(agent("tcp://127.0.0.1:1", keys));
  assert.match(unreadable.stderr, /tcp:\/\/127\.0\.0\.1:1: a file for TLS cannot be read: .*ca\.pem/);
});

test("an endpoint in the agent's file gives way to a socket on the command line", async () => {
  const agent = 'plugin "nomad-driver-podman" {\n  config {\n    endpoint = "unix:///nowhere.sock"\n  }\n}\n';
  const { code, stdout, stderr } = await runWith(agent, "-socket", testSetting("TEST_PODMAN_SOCKET"));
  assert.match(stdout, /plain +\| pids \d+/, stderr);
  assert.equal(code, 0, stderr);
});

test("but for its driver the job is one of Docker's", async () => {
  const drivers = (await readFile(path, "utf8")).matchAll(/^ {6}driver *= *(.*)$/gm);
  assert.deepEqual([...drivers].map((match) => match[1]), Array.from({ length: 5 }, () => '"podman"'));
});
