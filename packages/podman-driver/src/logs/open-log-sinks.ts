import { GuardedDirectory, type Logger, type RotatedLogPosition, type TaskConfig } from "@driver/nomad-plugin";
import type { LogDestination } from "../config/log-route.ts";
import { toFifoPlace } from "./fifo-place.ts";
import { FileLogSink } from "./file-log-sink.ts";
import { LogFolder } from "./log-folder.ts";
import { nullSink, type LogSink } from "./log-sink.ts";
import type { LogTroubles } from "./log-troubles.ts";
import { TaskLogSink } from "./task-log-sink.ts";

export interface LogSinks {
  readonly stdout: LogSink;
  readonly stderr: LogSink;
  /** Where the plugin's own files end now; undefined when Nomad's FIFOs are written. */
  filePositions(): LogFilePositions | undefined;
  /** The task has written its last. */
  finish(): void;
  close(): Promise<void>;
}

export interface LogFilePositions {
  readonly stdout: RotatedLogPosition;
  readonly stderr: RotatedLogPosition;
}

type StreamName = "stdout" | "stderr";

/** Where Nomad reads a task's log files, below the allocation's folder. */
const logFolderNames = ["alloc", "logs"];

export interface LogSinksOptions {
  readonly task: Pick<TaskConfig, "name" | "allocDir" | "stdoutPath" | "stderrPath">;
  /** The driver's own files, or else Nomad's FIFOs: nothing is opened for a task whose output nobody collects. */
  readonly to: LogDestination;
  /** True for a task just started: Nomad has just started a collector for it. */
  readonly isFresh: boolean;
  /** Where the driver's own files ended when the position was saved. */
  readonly resumeAt: LogFilePositions | undefined;
  readonly logger: Logger;
  readonly troubles: LogTroubles;
}

/**
 * Both streams of a task: Nomad's FIFOs where Nomad says they are, files in the allocation's log folder. All of it is opened so
 * that nothing which a task has planted leads elsewhere. Rejects, with nothing left open, when a folder or a file cannot be opened.
 */
export async function openLogSinks(options: LogSinksOptions): Promise<LogSinks> {
  const opened = new OpenParts(options);
  try {
    opened.folder(options.task.allocDir, logFolderNames);
    const sinks = { stdout: opened.sink("stdout"), stderr: opened.sink("stderr") };
    return {
      ...sinks,
      filePositions: () => opened.filePositions(),
      finish: () => {
        sinks.stdout.finish();
        sinks.stderr.finish();
      },
      close: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What was opened so far. */
class OpenParts {
  readonly #options: LogSinksOptions;
  readonly #folders = new Map<string, LogFolder>();
  readonly #sinks: LogSink[] = [];
  readonly #files: Partial<Record<StreamName, FileLogSink>> = {};

  constructor(options: LogSinksOptions) {
    this.#options = options;
  }

  sink(stream: StreamName): LogSink {
    const sink = this.#open(stream);
    this.#sinks.push(sink);
    return sink;
  }

  filePositions(): LogFilePositions | undefined {
    const { stdout, stderr } = this.#files;
    return stdout === undefined || stderr === undefined ? undefined : { stdout: stdout.position, stderr: stderr.position };
  }

  /** One descriptor for each folder. */
  folder(base: string, names: readonly string[]): LogFolder {
    const path = [base, ...names].join("/");
    const folder = this.#folders.get(path) ?? new LogFolder(() => GuardedDirectory.open(base, ...names));
    this.#folders.set(path, folder);
    return folder;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#sinks.map((sink) => sink.close()));
    for (const folder of this.#folders.values()) folder.close();
  }

  #open(stream: StreamName): LogSink {
    const { task, to, isFresh, resumeAt, logger, troubles } = this.#options;
    const path = stream === "stdout" ? task.stdoutPath : task.stderrPath;
    if (path === "" || path === "/dev/null") return nullSink;
    const folder = this.folder(task.allocDir, logFolderNames);
    const baseName = `${task.name}.${stream}`;
    if (to.by === "driver") {
      return (this.#files[stream] = FileLogSink.open({ folder, baseName, ...to.files, resumeAt: resumeAt?.[stream], troubles }));
    }
    const { base, names, fileName } = toFifoPlace(task.allocDir, path);
    const fifoFolder = this.folder(base, names);
    return new TaskLogSink({ folder, fifoFolder, fifoName: fileName, baseName, readerIsFresh: isFresh, logger, troubles });
  }
}
