import type { LogEntry } from "@driver/go-plugin";
import type { TaskDriver } from "@driver/nomad-plugin";

/** A driver and the process it lives in. Disposing ends the process as Nomad does. */
export interface LaunchedDriver extends AsyncDisposable {
  readonly driver: TaskDriver;
  readonly plugin: {
    /** 0: it is no process of its own. */
    readonly pid: number;
    /** Settles when the process has ended, for whatever reason. */
    readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  };
}

/** Starts a fresh plugin process; `onLog` gets each line of its log. */
export type LaunchDriver = (options: {
  readonly onLog: (entry: LogEntry) => void;
  readonly signal: AbortSignal;
}) => Promise<LaunchedDriver>;
