import type { Containers } from "@driver/libpod";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { LogDestination } from "../config/log-route.ts";
import { JournalPump, type JournalTrouble } from "./journal-pump.ts";
import { LogPosition } from "./log-position.ts";
import type { LogTroubles } from "./log-troubles.ts";
import { openLogSinks, type LogSinks } from "./open-log-sinks.ts";
import type { LogCarrier, LogRun } from "./task-logs.ts";

export interface JournalLogsOptions {
  readonly task: Pick<TaskConfig, "name" | "allocDir" | "stdoutPath" | "stderrPath">;
  readonly containerId: string;
  readonly to: LogDestination;
  readonly containers: Pick<Containers, "logs">;
  /** Where to begin when no position was saved. Default: the beginning. */
  readonly since: Date | undefined;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly logger: Logger;
  readonly troubles: LogTroubles;
  /** Tells the task's owner what he can do about output that comes late or not at all. Each advice once. */
  onTrouble(advice: string): void;
  /** The followed log has ended, a hint that the container has. */
  onEnd(): void;
}

const advices: Readonly<Record<JournalTrouble, string>> = {
  "not-followed":
    "Podman cannot follow the journal, since it keeps its events elsewhere; the task's log comes with a delay of some seconds. " +
    'Set events_logger = "journald" in containers.conf',
  "never-ended": "The journal does not say that the container has ended; the task's log may not be complete. Is systemd-journald running?",
};

/** Carries a container's output from the host's journal. */
export class JournalLogs implements LogCarrier {
  readonly #options: JournalLogsOptions;
  readonly #position: LogPosition;
  /** A pump that fails is followed by another, which finds the same. */
  readonly #told = new Set<JournalTrouble>();
  #isFirstStart = true;
  #sinks: LogSinks | undefined;
  #pump: JournalPump | undefined;
  #formerLines = 0;

  /** Touches nothing. */
  constructor(options: JournalLogsOptions) {
    this.#options = options;
    this.#position = new LogPosition(options.task, options.containerId, options.logger);
  }

  get progress(): number {
    return this.#formerLines + (this.#pump?.seenLines ?? 0);
  }

  async start(): Promise<LogRun> {
    const { task, containerId, to, containers, since, isFresh, logger, troubles, onTrouble, onEnd } = this.#options;
    // A task that was just started has no position, and a crowd of them may be starting.
    const progress = isFresh && this.#isFirstStart ? undefined : this.#position.loadJournal();
    this.#isFirstStart = false;
    this.#formerLines = this.progress;
    this.#pump = undefined;
    const sinks = (this.#sinks ??= await openLogSinks({ task, to, isFresh, resumeAt: progress?.files, logger, troubles }));
    const sinceSeconds = since === undefined || since.getTime() < 0 ? undefined : Math.floor(since.getTime() / 1000);
    this.#pump = new JournalPump({
      read: (wishes, signal) => containers.logs(containerId, wishes, signal),
      sinks,
      position: this.#position,
      progress,
      sinceSeconds,
      logger,
      onTrouble: (trouble) => {
        if (!this.#told.has(trouble)) onTrouble(advices[trouble]);
        this.#told.add(trouble);
      },
      onEnd,
    });
    return this.#pump;
  }

  finish(): void {
    this.#sinks?.finish();
  }

  async close(): Promise<void> {
    await this.#sinks?.close();
    this.#position.close();
  }
}
