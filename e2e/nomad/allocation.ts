import { fieldOf, listOf, numberOf, textOf } from "./json-fields.ts";

/** What Nomad says of an allocation with one task. */
export interface AllocationReport {
  /** The number in its name, from 0. */
  readonly index: number;
  /** pending, running, complete, failed or lost. */
  readonly status: string;
  /** Undefined until the client has reported for the first time. */
  readonly task: TaskReport | undefined;
}

export interface TaskReport {
  readonly state: string;
  readonly restarts: number;
  readonly events: readonly TaskEvent[];
}

export interface TaskEvent {
  readonly type: string;
  readonly timeMs: number;
  readonly message: string;
  readonly details: unknown;
}

/** The end of a task as its event "Terminated" tells it. */
export interface TaskExit {
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly restarts: number;
}

/** Decodes the answer to /v1/allocation/<id>. */
export function decodeAllocation(value: unknown, taskName: string): AllocationReport {
  const task = fieldOf(fieldOf(value, "TaskStates"), taskName);
  return {
    index: Number(/\[(\d+)\]$/.exec(textOf(value, "Name"))?.[1]),
    status: textOf(value, "ClientStatus"),
    task: task === undefined ? undefined : decodeTask(task),
  };
}

/** The last end that was reported, or undefined when there was none. */
export function findExit(report: AllocationReport): TaskExit | undefined {
  const event = findEvent(report, "Terminated");
  if (event === undefined) return undefined;
  return {
    code: Number(textOf(event.details, "exit_code")),
    signal: Number(textOf(event.details, "signal")),
    oomKilled: fieldOf(event.details, "oom_killed") === "true",
    restarts: report.task?.restarts ?? 0,
  };
}

/** The last event of a type. */
export function findEvent(report: AllocationReport, type: string): TaskEvent | undefined {
  return report.task?.events.findLast((event) => event.type === type);
}

function decodeTask(value: unknown): TaskReport {
  return {
    state: textOf(value, "State"),
    restarts: numberOf(value, "Restarts"),
    events: listOf(value, "Events").map((event) => ({
      type: textOf(event, "Type"),
      timeMs: numberOf(event, "Time") / 1e6,
      message: textOf(event, "DisplayMessage"),
      details: fieldOf(event, "Details"),
    })),
  };
}
