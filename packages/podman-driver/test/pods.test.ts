import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { DriverRig, requestEngine, runProcess, testSetting, until } from "@driver/testing";
import { inspectTask, netnsOf } from "./network-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A pod that somebody has made; gone with all that is in it when this is disposed. */
async function makePod(wishes: object): Promise<AsyncDisposable & { readonly name: string; infra(): Promise<string> }> {
  const name = `pod-${randomUUID().slice(0, 8)}`;
  const body = new TextEncoder().encode(JSON.stringify({ name, ...wishes }));
  const { status, text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), {
    method: "POST",
    path: "/pods/create",
    body,
    signal: soon(),
  });
  assert.equal(status, 201, text);
  return {
    name,
    infra: async () => (await withPodman((podman) => podman.pods.inspect(name, soon())))?.infraId ?? "",
    [Symbol.asyncDispose]: async () => void (await withPodman((podman) => podman.pods.remove(name, soon()))),
  };
}

test("a task joins a pod, with its network, ports and host name, and goes without it", async () => {
  await using pod = await makePod({
    hostname: "grp",
    netns: { nsmode: "bridge" },
    portmappings: [{ container_port: 8080, host_port: 18_099, host_ip: "127.0.0.1" }],
  });
  await using rig = await DriverRig.start();
  const script = "hostname; echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp";
  const task = await rig.prepare({ config: { pod: pod.name, network_mode: "", command: "sh", args: ["-c", script] } });
  await rig.startTask(task);
  await task.stdout.until((text) => text === "grp\n");
  const infra = await withPodman(async (podman) => podman.containers.inspect(await pod.infra(), soon()));
  const netns = (await runProcess("readlink", [`/proc/${infra?.state.pid}/ns/net`], { signal: soon() })).stdout.trim();
  assert.equal(await netnsOf(task), netns);
  await until(async () => (await fetch("http://127.0.0.1:18099/").then((answer) => answer.text(), () => "")) === "hello\n");
  await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  const left = await withPodman((podman) => podman.pods.inspect(pod.name, soon()));
  assert.deepEqual(left?.members.map(({ status }) => status), ["running"]);
});

test("in a pod that shares nothing a task has a network of its own", async () => {
  await using pod = await makePod({ no_infra: true });
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { pod: pod.name, network_mode: "", command: "sleep", args: ["300"] } });
  const { network } = await rig.startTask(task);
  assert.match(network?.ip ?? "", /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal((await inspectTask(task)).state.running, true);
});

test("a pod that is not there is told with its key", async () => {
  await using rig = await DriverRig.start();
  const task = await rig.prepare({ config: { pod: "no-such-pod", network_mode: "" } });
  await assert.rejects(rig.startTask(task), /config key pod: "no-such-pod" is no pod of this Podman; podman pod ps shows those there are/);
});
