import type { ContainerInspect } from "@driver/libpod";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { LogOrigin, LogRoute } from "../config/log-route.ts";
import type { DriverServices } from "../driver-services.ts";
import type { Engine } from "../engine/engine.ts";
import { FileLogs, type LogPlace } from "../logs/file-logs.ts";
import { JournalLogs } from "../logs/journal-logs.ts";
import { LogTroubles } from "../logs/log-troubles.ts";
import { TaskLogs } from "../logs/task-logs.ts";
import { settleOrAbort } from "../settle-or-abort.ts";
import type { TaskProcesses } from "./task-processes.ts";

export interface TaskOutputOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly engine: Engine;
  readonly route: LogRoute;
  /** True: this plugin has just started the task, so that nothing of its output is delivered yet. */
  readonly isFresh: boolean;
  /** What Podman says of the container; settles as soon as it says anything. */
  readonly inspected: Promise<ContainerInspect>;
  readonly processes: TaskProcesses;
  readonly services: DriverServices;
  readonly logger: Logger;
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
  /** The journal says that the container has ended. */
  onEnd(): void;
}

/** How long a task's last output may take to reach a slow reader when it has ended, and how long while more of it comes. */
export function drainLimitsOf({ kind }: LogOrigin): { readonly timeoutMs: number; readonly mostMs: number } {
  // The journal is read through Podman, which may be away just then; the lines are safe there.
  return { timeoutMs: kind === "journal" ? 60_000 : 10_000, mostMs: 60_000 };
}

/** Begins to carry a container's output to the task's logs. Undefined where nobody wants it, or somebody else carries it. */
export function collectOutput(options: TaskOutputOptions): TaskLogs | undefined {
  const { route: { from, to }, task, logger } = options;
  if (from.kind === "none" || to.by === "off") return undefined;
  const troubles = new LogTroubles({ taskId: task.id, logger, emit: (message) => options.emit(message) });
  const carrier = from.kind === "journal" ? toJournalLogs(options, from.since, troubles) : toFileLogs(options, from.limitBytes, troubles);
  return new TaskLogs({ carrier, troubles });
}

function toFileLogs(options: TaskOutputOptions, limitBytes: number | undefined, troubles: LogTroubles): FileLogs {
  const { task, containerId, engine, processes, route: { to }, isFresh, inspected, services, logger } = options;
  const findPlace = async (signal: AbortSignal): Promise<LogPlace> => {
    // A Podman that hangs or is down must not leave the log without its limit.
    if (processes.conmonFolders?.log !== undefined) return processes.conmonFolders.log;
    const inspect = await settleOrAbort(inspected, signal);
    return { logPath: inspect.host.logPath, staticDir: inspect.staticDir };
  };
  return new FileLogs({
    task,
    containerId,
    to,
    findPlace,
    socketPath: engine.socketPath,
    conmon: processes.conmon,
    roots: services.roots,
    limitBytes,
    isFresh,
    heartbeat: services.heartbeat,
    buffers: services.logBuffers,
    logger,
    troubles,
    onDropped: (lostBytes) =>
      options.emit(`Dropped ${lostBytes} bytes of log output: nobody took it`, { dropped_bytes: String(lostBytes) }),
  });
}

function toJournalLogs(options: TaskOutputOptions, since: Date | undefined, troubles: LogTroubles): JournalLogs {
  const { task, containerId, engine, route: { to }, isFresh, logger, onEnd } = options;
  const { containers } = engine.client;
  const onTrouble = (advice: string): void => {
    logger.warn(advice, { container: containerId });
    options.emit(advice);
  };
  return new JournalLogs({ task, containerId, to, containers, since, isFresh, logger, troubles, onTrouble, onEnd });
}
