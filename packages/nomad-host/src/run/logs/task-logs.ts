import { dirname } from "node:path";

import type { TaskConfig } from "@driver/nomad-plugin";

import type { LogStream, RunListener, TaskName } from "../run-event.ts";
import { FifoLogSource } from "./fifo-log-source.ts";
import { FileLogSource } from "./file-log-source.ts";
import type { LogReader, LogSource } from "./log-reader.ts";

/** Who writes a task's output to where: the driver into our FIFOs, or into log files by itself. */
export type LogCollection = "fifo" | "files";

export interface TaskLogsOptions {
  readonly name: TaskName;
  readonly config: Pick<TaskConfig, "stdoutPath" | "stderrPath">;
  readonly collection: LogCollection;
  readonly on: RunListener;
}

/** The logs of one task, told as `task-log` events, life after life. */
export class TaskLogs implements AsyncDisposable {
  readonly #options: TaskLogsOptions;
  readonly #sources: readonly (readonly [LogStream, LogSource])[];

  constructor(options: TaskLogsOptions) {
    this.#options = options;
    const { stdoutPath, stderrPath } = options.config;
    // The job wants no logs.
    const isDisabled = stdoutPath === "/dev/null";
    this.#sources = isDisabled
      ? []
      : [
          ["stdout", this.#createSource(stdoutPath, "stdout")],
          ["stderr", this.#createSource(stderrPath, "stderr")],
        ];
  }

  /** Opens the logs for a start of the task; what is given back ends when all that was written is told. */
  async open(): Promise<{ drain(): Promise<void> }> {
    const readers = await this.#openReaders();
    const told = Promise.allSettled(readers.map(([stream, reader]) => this.#tell(stream, reader)));
    return {
      drain: async () => {
        await Promise.all(readers.map(([, reader]) => reader.drain()));
        await told;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [, source] of this.#sources) await source[Symbol.asyncDispose]();
  }

  /** All or none: a FIFO that stays open would keep this process. */
  async #openReaders(): Promise<readonly (readonly [LogStream, LogReader])[]> {
    const readers: (readonly [LogStream, LogReader])[] = [];
    try {
      for (const [stream, source] of this.#sources) readers.push([stream, await source.open()]);
      return readers;
    } catch (error) {
      for (const [, reader] of readers) await reader.close();
      throw error;
    }
  }

  #createSource(path: string, stream: LogStream): LogSource {
    const { collection, name, on } = this.#options;
    if (collection === "fifo") return new FifoLogSource(path);
    const onGap = async (fileCount: number): Promise<void> => {
      const what = fileCount === 1 ? "a log file" : `${fileCount} log files`;
      await on({ kind: "note", message: `${name.task}: ${what} of ${stream} had been rotated away before it could be shown` });
    };
    return new FileLogSource({ folderPath: dirname(path), taskName: name.task, stream, onGap });
  }

  async #tell(stream: LogStream, reader: LogReader): Promise<void> {
    const { name, on } = this.#options;
    for await (const data of reader.follow()) await on({ kind: "task-log", ...name, stream, data });
  }
}
