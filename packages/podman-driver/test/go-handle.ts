import { PodmanClient } from "@driver/libpod";
import { encodeGoMsgpack, encodeGoTime, type TaskHandle } from "@driver/nomad-plugin";
import { testSetting, type RiggedTask } from "@driver/testing";

/** What the Go driver leaves with Nomad for a task. */
export function goHandle(task: RiggedTask, { containerId, socket }: { readonly containerId: string; readonly socket: string }): TaskHandle {
  const driverState = encodeGoMsgpack({
    ContainerID: containerId,
    LogStreamer: false,
    Net: null,
    StartedAt: encodeGoTime(new Date()),
    TaskConfig: { image: testSetting("TEST_IMAGE"), socket },
  });
  return { version: 1, config: { ...task.config, driverConfig: new Uint8Array() }, state: "unknown", driverState };
}

/** Starts a task's container with the name that the Go driver gives it, and returns its id. SIGTERM ends it with code 24. */
export async function runLikeGoDriver(task: RiggedTask, socketPath: string): Promise<string> {
  const podman = new PodmanClient({ socketPath });
  const signal = AbortSignal.timeout(120_000);
  try {
    const { id } = await podman.containers.create(
      {
        name: `task-${task.config.allocId}`,
        image: testSetting("TEST_IMAGE"),
        command: ["sh", "-c", "trap 'exit 24' TERM; while :; do sleep 0.05; done"],
        netns: { nsmode: "none" },
      },
      signal,
    );
    await podman.containers.start(id, signal);
    return id;
  } finally {
    podman.close();
  }
}
