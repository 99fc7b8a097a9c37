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
