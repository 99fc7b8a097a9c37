import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { Heartbeat } from "../host/heartbeat.ts";
import type { LogMode } from "../task/task-state.ts";
import { ConmonLogControl } from "./conmon-log-control.ts";
import { LogPosition, type LogProgress } from "./log-position.ts";
import { LogPump } from "./log-pump.ts";
import { LogSpool } from "./log-spool.ts";
import { openLogSinks, type LogFileLimits, type LogSinks, type LogTarget } from "./open-log-sinks.ts";
import type { SliceBuffers } from "./slice-buffers.ts";

/** Who writes the task's log files: Nomad, which is given the output through FIFOs, or the plugin itself. */
export type LogCollector = { readonly kind: "nomad" } | { readonly kind: "driver"; readonly limits: LogFileLimits };

/** The collector of a task with this log mode; undefined where the plugin has nothing to carry. */
export function toCollector(mode: LogMode, limits: LogFileLimits): LogCollector | undefined {
  if (mode === "nomad") return { kind: "nomad" };
  return mode === "driver" ? { kind: "driver", limits } : undefined;
}

export interface TaskLogsOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  readonly collector: LogCollector;
  /** The file Podman names as the container's log, and the folder of the container's own files. */
  readonly logPath: string;
  readonly staticDir: string;
  readonly socketPath: string;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly heartbeat: Heartbeat;
  readonly buffers: SliceBuffers;
  readonly logger: Logger;
  /** Tells the task's owner that output was dropped: nobody took it, and it had grown over its limit. */
  onDropped(lostBytes: number): void;
}

/** Collects a task's output for as long as the container runs. A failure here never fails the task. */
export class TaskLogs {
  readonly #options: TaskLogsOptions;
  readonly #opened: Promise<OpenLogs | undefined>;

  constructor(options: TaskLogsOptions) {
    this.#options = options;
    this.#opened = this.#open();
  }

  /** The container has ended: settles when its output is delivered, or after `timeoutMs` with a warning. */
  async drain(timeoutMs: number): Promise<void> {
    const logs = await this.#opened;
    if (logs === undefined) return;
    const late = new AbortController();
    try {
      const inTime = await Promise.race([logs.pump.drain().then(() => true), sleep(timeoutMs, false, { signal: late.signal })]);
      if (!inTime) this.#warn("its last output was not read in time and is lost");
    } catch (error) {
      this.#warn("its last output is lost", error);
    } finally {
      late.abort();
    }
  }

  async close(): Promise<void> {
    const logs = await this.#opened;
    if (logs === undefined) return;
    logs.stopHints();
    await logs.pump.close();
    await Promise.allSettled([logs.spool.close(), logs.sinks.close()]);
    logs.position.close();
  }

  async #open(): Promise<OpenLogs | undefined> {
    try {
      return await openLogs(this.#options);
    } catch (error) {
      this.#warn("its output cannot be collected", error);
      return undefined;
    }
  }

  #warn(what: string, error?: unknown): void {
    this.#options.logger.warn(`logs of task ${this.#options.task.id}: ${what}`, error === undefined ? {} : { error: String(error) });
  }
}

interface OpenLogs {
  readonly pump: LogPump;
  readonly spool: LogSpool;
  readonly sinks: LogSinks;
  readonly position: LogPosition;
  stopHints(): void;
}

async function openLogs(options: TaskLogsOptions): Promise<OpenLogs> {
  const { task, containerId, logPath, staticDir, socketPath, buffers, logger } = options;
  const position = LogPosition.open(task.allocDir, task.name, containerId);
  let spool: LogSpool | undefined;
  try {
    const progress = position.load();
    spool = LogSpool.open({ logPath, socketPath, control: new ConmonLogControl({ staticDir, logPath, socketPath }), progress });
    const sinks = openLogSinks(task, toTarget(options, progress), logger);
    const pump = new LogPump({ spool, sinks, position, buffers });
    return { pump, spool, sinks, position, stopHints: watchForOutput(options, { pump, spool }) };
  } catch (error) {
    position.close();
    await spool?.close();
    throw error;
  }
}

function toTarget({ collector, isFresh }: TaskLogsOptions, progress: LogProgress | undefined): LogTarget {
  return collector.kind === "nomad"
    ? { kind: "fifo", readerIsFresh: isFresh }
    : { kind: "files", limits: collector.limits, resumeAt: progress?.files };
}

/** Pokes the pump when conmon has written, and keeps the backlog within its limit. Returns the way to end both. */
function watchForOutput(options: TaskLogsOptions, { pump, spool }: { readonly pump: LogPump; readonly spool: LogSpool }): () => void {
  const stop = new AbortController();
  const watcher = watchFile(options.logPath, pump.poke);
  const stopBeat = options.heartbeat.subscribe(() => {
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
    watcher?.close();
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
