import type { LogOrigin, LogRoute } from "../config/log-route.ts";
import { FileLogs, type LogPlace } from "../logs/file-logs.ts";
import { JournalLogs } from "../logs/journal-logs.ts";
import { LogTroubles } from "../logs/log-troubles.ts";
import { TaskLogs } from "../logs/task-logs.ts";
import { settleOrAbort } from "../settle-or-abort.ts";
import type { TaskSubject } from "./task-container.ts";
import type { TaskProcesses } from "./task-processes.ts";
import type { TaskSurroundings } from "./task-surroundings.ts";

export interface TaskOutputOptions {
  readonly subject: TaskSubject;
  readonly surroundings: TaskSurroundings;
  readonly route: LogRoute;
  /** True: this plugin has just started the task, so that nothing of its output is delivered yet. */
  readonly isFresh: boolean;
  /** Where Podman says that the container's log is; settles as soon as it says anything. */
  readonly logPlace: Promise<LogPlace>;
  readonly processes: TaskProcesses;
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
  const { route: { from, to }, subject: { task }, surroundings: { logger, emit } } = options;
  if (from.kind === "none" || to.by === "off") return undefined;
  const troubles = new LogTroubles({ taskId: task.id, logger, emit: (message) => emit(message) });
  const carrier = from.kind === "journal" ? toJournalLogs(options, from.since, troubles) : toFileLogs(options, from.limitBytes, troubles);
  return new TaskLogs({ carrier, troubles });
}

function toFileLogs(options: TaskOutputOptions, limitBytes: number | undefined, troubles: LogTroubles): FileLogs {
  const { subject: { task, containerId, engine }, surroundings: { services, logger, emit }, processes, isFresh, logPlace } = options;
  const { to } = options.route;
  const findPlace = async (signal: AbortSignal): Promise<LogPlace> => {
    // A Podman that hangs or is down must not leave the log without its limit.
    if (processes.conmonFolders?.log !== undefined) return processes.conmonFolders.log;
    return settleOrAbort(logPlace, signal);
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
      emit(`Dropped ${lostBytes} bytes of log output: nobody took it`, { dropped_bytes: String(lostBytes) }),
  });
}

function toJournalLogs(options: TaskOutputOptions, since: Date | undefined, troubles: LogTroubles): JournalLogs {
  const { subject: { task, containerId, engine }, surroundings: { logger, emit }, route: { to }, isFresh, onEnd } = options;
  const { containers } = engine.client;
  const onTrouble = (advice: string): void => {
    logger.warn(advice, { container: containerId });
    emit(advice);
  };
  return new JournalLogs({ task, containerId, to, containers, since, isFresh, logger, troubles, onTrouble, onEnd });
}
