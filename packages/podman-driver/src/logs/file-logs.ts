import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { Heartbeat } from "../host/heartbeat.ts";
import { ConmonLogControl } from "./conmon-log-control.ts";
import { LogPosition } from "./log-position.ts";
import { LogPump } from "./log-pump.ts";
import { LogSpool } from "./log-spool.ts";
import { openLogSinks, toTarget, type LogCollector } from "./open-log-sinks.ts";
import type { SliceBuffers } from "./slice-buffers.ts";
import type { OpenLogs } from "./task-logs.ts";

export interface FileLogsOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly collector: LogCollector;
  /** The file Podman names as the container's log, and the folder of the container's own files. */
  readonly logPath: string;
  readonly staticDir: string;
  readonly socketPath: string;
  /** The most of the container's log that may stay on the disk, in bytes. Default 256 MiB. */
  readonly limitBytes: number | undefined;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly heartbeat: Heartbeat;
  readonly buffers: SliceBuffers;
  readonly logger: Logger;
  /** Tells the task's owner that output was dropped: nobody took it, and it had grown over its limit. */
  onDropped(lostBytes: number): void;
}

const rotateBytes = 16 * 1_048_576;

/** Begins to carry a container's output from conmon's files. @throws when a file or folder cannot be opened */
export async function openFileLogs(options: FileLogsOptions): Promise<OpenLogs> {
  const { task, containerId, collector, isFresh, buffers, logger } = options;
  const position = new LogPosition(task, containerId, logger);
  let spool: LogSpool | undefined;
  try {
    const progress = isFresh ? undefined : position.load();
    const opened = (spool = openSpool(options, progress));
    const sinks = openLogSinks(task, toTarget(collector, { isFresh, resumeAt: progress?.files }), logger);
    const pump = new LogPump({ spool: opened, sinks, position, buffers, watch: (onOutput) => watchFile(options.logPath, onOutput) });
    const stopHints = followHeartbeat(options, { pump, spool: opened });
    return {
      drain: () => pump.drain().finally(() => sinks.finish()),
      progress: () => pump.deliveredBytes,
      close: () => closeAll(stopHints, { pump, spool: opened, sinks, position }),
    };
  } catch (error) {
    position.close();
    await spool?.close();
    throw error;
  }
}

/** With a limit of its own, half of it may be delivered already and wait for its file to be given back. */
function openSpool({ logPath, staticDir, socketPath, limitBytes }: FileLogsOptions, progress: ReturnType<LogPosition["load"]>): LogSpool {
  const control = new ConmonLogControl({ staticDir, logPath, socketPath });
  const limits = limitBytes === undefined ? {} : { backlogBytes: limitBytes, rotateBytes: Math.min(rotateBytes, Math.ceil(limitBytes / 2)) };
  return LogSpool.open({ logPath, socketPath, control, progress, ...limits });
}

interface Parts {
  readonly pump: LogPump;
  readonly spool: LogSpool;
  readonly sinks: ReturnType<typeof openLogSinks>;
  readonly position: LogPosition;
}

async function closeAll(stopHints: () => void, { pump, spool, sinks, position }: Parts): Promise<void> {
  stopHints();
  await pump.close();
  await Promise.allSettled([spool.close(), sinks.close()]);
  position.close();
}

/** Has the pump look now and then, whatever the watch has told, and keeps the backlog within its limit. Returns the way to end both. */
function followHeartbeat(options: FileLogsOptions, { pump, spool }: { readonly pump: LogPump; readonly spool: LogSpool }): () => void {
  const stop = new AbortController();
  const stopBeat = options.heartbeat.subscribe(() => {
    // The rule for most tasks at most times, and dear enough to be asked first: a round of the pump leaves garbage.
    if (!spool.hasMore) return;
    pump.poke();
    spool.enforceLimit(stop.signal).then(
      (lostBytes) => {
        if (lostBytes > 0) options.onDropped(lostBytes);
      },
      (error: unknown) => options.logger.debug("the log's backlog cannot be cut", { error: String(error) }),
    );
  });
  return () => {
    stop.abort(new Error("the task's logs were closed"));
    stopBeat();
  };
}

/** Watches the folder, since a rotation puts another file under the name. Undefined where no watch is to be had: the heartbeat remains. */
function watchFile(path: string, onChange: () => void): FSWatcher | undefined {
  const wanted = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === wanted) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
