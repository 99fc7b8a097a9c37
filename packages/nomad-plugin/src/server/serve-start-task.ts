import type { MessageInitShape } from "@bufbuild/protobuf";
import { toOverrideMessage } from "../convert/network.ts";
import { fromTaskConfigMessage } from "../convert/task-config.ts";
import { toHandleMessage } from "../convert/task-state.ts";
import { DriverError } from "../driver-error.ts";
import type { StartTaskResponseSchema } from "../gen/driver_pb.ts";
import type { TaskConfig } from "../gen/driver_types_pb.ts";
import type { TaskDriver } from "../task-driver.ts";

/**
 * Starts a task and answers with the handle that Nomad keeps. A config that the driver hands back unchanged goes
 * back as it came, with fields that newer agents may have added.
 */
export async function serveStartTask(
  driver: TaskDriver,
  task: TaskConfig | undefined,
  signal: AbortSignal,
): Promise<MessageInitShape<typeof StartTaskResponseSchema>> {
  if (task === undefined) throw new DriverError("failed", "StartTask without a task config");
  const config = fromTaskConfigMessage(task);
  const { handle, network } = await driver.startTask(config, signal);
  const handleMessage = toHandleMessage(handle);
  return {
    handle: handle.config === config ? { ...handleMessage, config: task } : handleMessage,
    ...(network && { networkOverride: toOverrideMessage(network) }),
  };
}
