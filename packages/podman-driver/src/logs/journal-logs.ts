import type { Containers } from "@driver/libpod";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import { JournalPump, type JournalTrouble } from "./journal-pump.ts";
import { LogPosition } from "./log-position.ts";
import { openLogSinks, toTarget, type LogCollector } from "./open-log-sinks.ts";
import type { OpenLogs } from "./task-logs.ts";

export interface JournalLogsOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly collector: LogCollector;
  readonly containers: Pick<Containers, "logs">;
  /** Where to begin when no position was saved. Default: the beginning. */
  readonly since: Date | undefined;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly logger: Logger;
  /** Tells the task's owner what he can do about output that comes late or not at all. */
  onTrouble(advice: string): void;
  /** The followed log has ended, a hint that the container has. */
  onEnd(): void;
}

const advices: Readonly<Record<JournalTrouble, string>> = {
  "not-followed": 'Podman cannot follow the journal, since it keeps its events elsewhere; the task\'s log comes with a delay of some seconds. Set events_logger = "journald" in containers.conf',
  "never-ended": "The journal does not say that the container has ended; the task's log may not be complete. Is systemd-journald running?",
};

/** Begins to carry a container's output from the host's journal. @throws when a file or folder cannot be opened */
export async function openJournalLogs(options: JournalLogsOptions): Promise<OpenLogs> {
  const { task, containerId, collector, containers, since, isFresh, logger } = options;
  const position = new LogPosition(task, containerId, logger);
  try {
    const progress = isFresh ? undefined : position.loadJournal();
    const sinceSeconds = since === undefined || since.getTime() < 0 ? undefined : Math.floor(since.getTime() / 1000);
    const sinks = openLogSinks(task, toTarget(collector, { isFresh, resumeAt: progress?.files }), logger);
    const pump = new JournalPump({
      read: (wishes, signal) => containers.logs(containerId, wishes, signal),
      sinks,
      position,
      progress,
      sinceSeconds,
      logger,
      onTrouble: (trouble) => options.onTrouble(advices[trouble]),
      onEnd: options.onEnd,
    });
    return {
      drain: () => pump.drain().finally(() => sinks.finish()),
      progress: () => pump.seenLines,
      close: async () => {
        await pump.close();
        await sinks.close();
        position.close();
      },
    };
  } catch (error) {
    position.close();
    throw error;
  }
}
