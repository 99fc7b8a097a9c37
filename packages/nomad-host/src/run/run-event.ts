import type { LogEntry } from "@driver/go-plugin";
import type { WaitResult } from "@driver/nomad-plugin";

import type { AllocatedPort } from "./ports/allocated-port.ts";

/** Which task an event is about. `allocIndex` tells the copies of a group with `count` > 1 apart. */
export interface TaskName {
  readonly group: string;
  readonly allocIndex: number;
  readonly task: string;
}

/** Why a task that needs a restart gets none. */
export type NoRestartReason = "no-attempts-allowed" | "start-unrecoverable" | "attempts-used-up";

/** What a run tells while it goes on. */
export type RunEvent =
  /** The driver is healthy; the job can start. */
  | { readonly kind: "driver-ready"; readonly driver: string; readonly version: string; readonly description: string }
  /** A line of the plugin's own log. */
  | { readonly kind: "plugin-log"; readonly entry: LogEntry }
  | {
      readonly kind: "allocation";
      readonly group: string;
      readonly allocIndex: number;
      readonly allocId: string;
      readonly ports: readonly AllocatedPort[];
    }
  | ({ readonly kind: "task-starting" | "task-running" } & TaskName)
  /** `reason` says why the host stops the task. */
  | ({ readonly kind: "task-stopping"; readonly reason: string } & TaskName)
  | ({ readonly kind: "task-exited"; readonly result: WaitResult; readonly isStoppedByHost: boolean } & TaskName)
  /** The task did not start, or how it ended cannot be told. */
  | ({ readonly kind: "task-failed"; readonly message: string } & TaskName)
  /**
   * The task starts again after `delayMs`: attempt 1, 2 … of `attempts`. `isWithinPolicy` is false when these are used
   * up and a new interval is waited for.
   */
  | ({
      readonly kind: "task-restarting";
      readonly delayMs: number;
      readonly attempt: number;
      readonly attempts: number;
      readonly isWithinPolicy: boolean;
    } & TaskName)
  /** The restart policy gave the task up; so it failed. */
  | ({
      readonly kind: "task-not-restarting";
      readonly reason: NoRestartReason;
      readonly attempts: number;
      readonly intervalMs: number;
    } & TaskName)
  /** The driver's own words, e.g. about an image that is pulled. */
  | ({ readonly kind: "task-event"; readonly message: string; readonly at: Date } & TaskName)
  | ({ readonly kind: "task-log"; readonly stream: LogStream; readonly data: Uint8Array } & TaskName)
  /** A check of a service has come to another status. `task` is the one whose service it is, or whose script; a group's has none. */
  | {
      readonly kind: "check-status";
      readonly group: string;
      readonly allocIndex: number;
      readonly task?: string;
      readonly service: string;
      readonly check: string;
      readonly provider: "consul" | "nomad";
      /** Whether a rollout would wait for it: `healthiness`. */
      readonly mode: "healthiness" | "readiness";
      readonly status: "passing" | "warning" | "critical";
      readonly output: string;
    }
  /** The next launch of a periodic job. */
  | { readonly kind: "periodic-waiting"; readonly at: Date }
  | { readonly kind: "periodic-launch"; readonly jobId: string }
  /** Something a person should know that is no failure. */
  | { readonly kind: "note"; readonly message: string };

export type LogStream = "stdout" | "stderr";

/** Called for each event; must not reject. The promise of a `task-log` event is awaited: a slow reader slows the task, nothing is lost. */
export type RunListener = (event: RunEvent) => void | Promise<void>;
