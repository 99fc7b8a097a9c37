import type { ContainerInspect } from "@driver/libpod";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { DriverServices } from "../driver-services.ts";
import type { PodmanHost } from "../engine/podman-host.ts";
import { openFileLogs } from "../logs/file-logs.ts";
import { openJournalLogs } from "../logs/journal-logs.ts";
import type { LogCollector } from "../logs/open-log-sinks.ts";
import { TaskLogs, type OpenLogs } from "../logs/task-logs.ts";

/** Where the task's output is kept until it is collected. */
export type KeptLog =
  /** conmon's file, which may take so much of the disk. */
  | { readonly kind: "file"; readonly limitBytes: number | undefined }
  /** The host's journal, to be read from `since` on when no position was saved; undefined: from the beginning. */
  | { readonly kind: "journal"; readonly since: Date | undefined };

export interface TaskOutputOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly host: PodmanHost;
  readonly collector: LogCollector;
  readonly keptLog: KeptLog;
  /** True: this plugin has just started the task, so that nothing of its output is delivered yet. */
  readonly isFresh: boolean;
  /** What Podman says of the container; settles as soon as it says anything. */
  readonly inspected: () => Promise<ContainerInspect>;
  readonly services: DriverServices;
  readonly logger: Logger;
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
  /** The journal says that the container has ended. */
  onEnd(): void;
}

/** How long a task's last output may take to reach a slow reader when it has ended, and how long while more of it comes. */
export function drainLimitsOf({ kind }: KeptLog): { readonly timeoutMs: number; readonly mostMs: number } {
  // The journal is read through Podman, which may be away just then; the lines are safe there.
  return { timeoutMs: kind === "journal" ? 60_000 : 10_000, mostMs: 60_000 };
}

/** Begins to carry a container's output to the task's logs. */
export function collectOutput(options: TaskOutputOptions): TaskLogs {
  const { keptLog, task, logger } = options;
  const open = keptLog.kind === "journal" ? () => openJournal(options, keptLog.since) : () => openFile(options, keptLog.limitBytes);
  return new TaskLogs({ taskId: task.id, open, logger });
}

async function openFile(options: TaskOutputOptions, limitBytes: number | undefined): Promise<OpenLogs> {
  const { task, containerId, host, collector, isFresh, services, logger } = options;
  const inspect = await options.inspected();
  return openFileLogs({
    task,
    containerId,
    collector,
    logPath: inspect.host.logPath,
    staticDir: inspect.staticDir,
    socketPath: host.socketPath,
    limitBytes,
    isFresh,
    heartbeat: services.heartbeat,
    buffers: services.logBuffers,
    logger,
    onDropped: (lostBytes) => options.emit(`Dropped ${lostBytes} bytes of log output: nobody took it`, { dropped_bytes: String(lostBytes) }),
  });
}

function openJournal(options: TaskOutputOptions, since: Date | undefined): Promise<OpenLogs> {
  const { task, containerId, host, collector, isFresh, logger } = options;
  const onTrouble = (advice: string): void => {
    logger.warn(advice, { container: containerId });
    options.emit(advice);
  };
  return openJournalLogs({ task, containerId, collector, containers: host.client.containers, since, isFresh, logger, onTrouble, onEnd: options.onEnd });
}
