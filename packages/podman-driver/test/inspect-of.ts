import assert from "node:assert/strict";
import type { ContainerInspect } from "@driver/libpod";
import type { RiggedTask } from "@driver/testing";
import { withPodman } from "./with-podman.ts";

/** What Podman says of a task's container; undefined when there is none. */
export async function findContainerOf({ config }: RiggedTask): Promise<ContainerInspect | undefined> {
  return await withPodman((podman) => podman.containers.inspect(`${config.name}-${config.allocId}`, AbortSignal.timeout(60_000)));
}

/** What Podman says of a task's container. Fails the test when there is none. */
export async function inspectOf(task: RiggedTask): Promise<ContainerInspect> {
  return (await findContainerOf(task)) ?? assert.fail("no container");
}
