import assert from "node:assert/strict";
import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { requestEngine, RiggedNetwork, testSetting } from "@driver/testing";

import { CliWorkplace } from "./cli-run.ts";

const path = join(import.meta.dirname, "jobs/docker.nomad.hcl");
const namespaces = ["cgroup", "ipc", "net", "pid", "user", "uts"] as const;

/** What the tasks print, in their order. */
async function expectedOutput(): Promise<readonly string[]> {
  const open = await Promise.all(namespaces.map(async (name) => `open | ${await readlink(`/proc/self/ns/${name}`)}`));
  const joined = ["mac 02:42:ac:11:00:0b", "address 10.201.90.10", "alias 1"].map((line) => `joined | ${line}`);
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
    "bound read-only",
    "shared read-only",
  ].map((line) => `limited | ${line}`);
  return [...joined, ...limited, ...open];
}

function ask(method: "GET" | "DELETE", path: string): Promise<{ readonly status: number; readonly text: string }> {
  return requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method, path, body: new Uint8Array(), signal: AbortSignal.timeout(60_000) });
}

test("a job of Nomad's Docker driver with another driver's name runs, and each key does what it does there", async () => {
  const volume = `docker-job-${process.pid}`;
  await using owned = new AsyncDisposableStack();
  owned.defer(async () => void (await ask("DELETE", `/volumes/${volume}`)));
  const network = owned.use(await RiggedNetwork.create(`docker-job-${process.pid}`, "10.201.90"));
  const workplace = owned.use(await CliWorkplace.create());
  const { ociRuntime } = JSON.parse((await ask("GET", "/info")).text).host;
  const variables = { runtime: ociRuntime.name, network: network.name, volume };
  const options = Object.entries(variables).flatMap(([name, value]) => ["-var", `${name}=${value}`]);
  const { code, stdout, stderr } = await workplace.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), ...options, path]);
  const lines = [...stdout.matchAll(/^(\S+) +(\|.*)$/gm)].map(([, task, line]) => `${task} ${line}`);
  const byTask = (all: readonly string[]): object => Object.groupBy(all, (line) => line.split(" ")[0] ?? "");
  assert.deepEqual(byTask(lines), byTask(await expectedOutput()), stderr);
  assert.match(stderr, /limited +\* .*cpuset_cpus is not used: reserve cores with resources\.cores/);
  assert.equal(code, 0, stderr);
});

test("but for its driver the job is one of Docker's", async () => {
  const drivers = (await readFile(path, "utf8")).matchAll(/^ *driver *= *(.*)$/gm);
  assert.deepEqual([...drivers].map((match) => match[1]), ['"podman"', '"podman"', '"podman"']);
});
