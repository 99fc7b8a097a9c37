import type { MessageInitShape } from "@bufbuild/protobuf";
import { DriverError } from "../driver-error.ts";
import type {
  DriverTaskEvent,
  ExitResult as ExitMessage,
  ExitResultSchema,
  DriverTaskEventSchema,
  TaskHandle as HandleMessage,
  TaskHandleSchema,
} from "../gen/driver_types_pb.ts";
import type { InspectTaskResponse, InspectTaskResponseSchema } from "../gen/driver_pb.ts";
import type { ExitResult, TaskEvent, TaskHandle, TaskStatus } from "../task-driver.ts";
import { taskStates } from "./driver-enums.ts";
import { toInt32 } from "./numbers.ts";
import { fromTaskConfigMessage, toTaskConfigMessage } from "./task-config.ts";
import { fromTimestamp, toTimestamp } from "./time.ts";

/** The end of a process as its message; never absent, since agents before 1.11.3 end themselves without it. */
export function toExitMessage(result: ExitResult | undefined): MessageInitShape<typeof ExitResultSchema> {
  return { exitCode: toInt32(result?.exitCode ?? 0), signal: toInt32(result?.signal ?? 0), oomKilled: result?.oomKilled ?? false };
}

/** The end of a process from its message. */
export function fromExitMessage(message: ExitMessage | undefined): ExitResult {
  return { exitCode: message?.exitCode ?? 0, signal: message?.signal ?? 0, oomKilled: message?.oomKilled ?? false };
}

/** What Nomad keeps of a task, as its message. */
export function toHandleMessage(handle: TaskHandle): MessageInitShape<typeof TaskHandleSchema> {
  return {
    version: toInt32(handle.version),
    state: taskStates.toNumber(handle.state),
    driverState: handle.driverState,
    config: toTaskConfigMessage(handle.config),
  };
}

/** What Nomad kept of a task, from its message. */
export function fromHandleMessage(message: HandleMessage | undefined): TaskHandle {
  if (message?.config === undefined) throw new DriverError("failed", "task handle without a task config");
  return {
    version: message.version,
    state: taskStates.fromNumber(message.state),
    driverState: message.driverState,
    config: fromTaskConfigMessage(message.config),
  };
}

/** A task's state as its message, with all the fields that agents need to be there. */
export function toInspectMessage(status: TaskStatus): MessageInitShape<typeof InspectTaskResponseSchema> {
  return {
    task: {
      id: status.id,
      name: status.name,
      state: taskStates.toNumber(status.state),
      startedAt: toTimestamp(status.startedAt),
      completedAt: toTimestamp(status.completedAt),
      result: toExitMessage(status.result),
    },
    driver: { attributes: { ...status.attributes } },
  };
}

/** A task's state from its message. A result counts only for a task that has ended. */
export function fromInspectMessage(message: InspectTaskResponse): TaskStatus {
  const { task } = message;
  const state = taskStates.fromNumber(task?.state ?? 0);
  return {
    id: task?.id ?? "",
    name: task?.name ?? "",
    state,
    startedAt: fromTimestamp(task?.startedAt),
    completedAt: fromTimestamp(task?.completedAt),
    result: state === "exited" ? fromExitMessage(task?.result) : undefined,
    attributes: message.driver?.attributes ?? {},
  };
}

/** An event of a task as its message. */
export function toEventMessage(event: TaskEvent): MessageInitShape<typeof DriverTaskEventSchema> {
  return {
    taskId: event.taskId,
    taskName: event.taskName,
    allocId: event.allocId,
    timestamp: toTimestamp(event.timestamp),
    message: event.message,
    annotations: { ...event.annotations },
  };
}

/** An event of a task from its message; without a time it counts as happening at the epoch. */
export function fromEventMessage(message: DriverTaskEvent): TaskEvent {
  return {
    taskId: message.taskId,
    taskName: message.taskName,
    allocId: message.allocId,
    timestamp: fromTimestamp(message.timestamp) ?? new Date(0),
    message: message.message,
    annotations: message.annotations,
  };
}
