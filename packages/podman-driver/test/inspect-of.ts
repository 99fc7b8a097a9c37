import assert from "node:assert/strict";
import { PodmanClient, type ContainerInspect } from "@driver/libpod";
import { testSetting, type RiggedTask } from "@driver/testing";

/** What Podman says of a task's container. Fails the test when there is none. */
export async function inspectOf(task: RiggedTask): Promise<ContainerInspect> {
  const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  try {
    return (await podman.containers.inspect(`task-${task.config.allocId}`, AbortSignal.timeout(30_000))) ?? assert.fail("no container");
  } finally {
    podman.close();
  }
}
