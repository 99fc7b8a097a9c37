import { PodmanClient, type ContainerInspect } from "@driver/libpod";
import { runProcess, testSetting, type RiggedTask } from "@driver/testing";
import assert from "node:assert/strict";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** What Podman says of a task's container. */
export async function inspectTask(task: RiggedTask): Promise<ContainerInspect> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    return (await podman.containers.inspect(`${task.config.name}-${task.config.allocId}`, soon())) ?? assert.fail("no container");
  } finally {
    podman.close();
  }
}

/** The kernel's name of the network namespace that a task's process is in. */
export async function netnsOf(task: RiggedTask): Promise<string> {
  const { state } = await inspectTask(task);
  return (await runProcess("readlink", [`/proc/${state.pid}/ns/net`], { signal: soon() })).stdout.trim();
}
