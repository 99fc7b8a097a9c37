import { watch, type FSWatcher } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { Heartbeat } from "../host/heartbeat.ts";
import { LogPosition } from "./log-position.ts";
import { LogPump } from "./log-pump.ts";
import { LogSource } from "./log-source.ts";
import { openLogSinks, type LogSinks } from "./open-log-sinks.ts";
import type { SliceBuffers } from "./slice-buffers.ts";

export interface TaskLogsOptions {
  readonly task: TaskConfig;
  readonly containerId: string;
  /** The file Podman names as the container's log. */
  readonly logPath: string;
  readonly socketPath: string;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly heartbeat: Heartbeat;
  readonly buffers: SliceBuffers;
  readonly logger: Logger;
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
    await Promise.allSettled([logs.source.close(), logs.sinks.close()]);
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
  readonly source: LogSource;
  readonly sinks: LogSinks;
  readonly position: LogPosition;
  stopHints(): void;
}

async function openLogs(options: TaskLogsOptions): Promise<OpenLogs> {
  const { task, containerId, logPath, buffers, logger } = options;
  const source = await LogSource.open(logPath, options.socketPath);
  let sinks: LogSinks | undefined;
  try {
    sinks = openLogSinks(task, { readerIsFresh: options.isFresh, logger });
    const position = LogPosition.open(task.allocDir, task.name, containerId);
    const pump = new LogPump({ source, sinks, position, buffers, offsetBytes: position.load() });
    const watcher = watchFile(logPath, pump.poke);
    const stopBeat = options.heartbeat.subscribe(pump.poke);
    const stopHints = (): void => {
      watcher?.close();
      stopBeat();
    };
    return { pump, source, sinks, position, stopHints };
  } catch (error) {
    await Promise.allSettled([source.close(), sinks?.close()]);
    throw error;
  }
}

/** Undefined where no inotify watch is to be had: the heartbeat then finds new output. */
function watchFile(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
