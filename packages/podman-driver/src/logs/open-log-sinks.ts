import { basename } from "node:path";
import { GuardedDirectory, type Logger, type RotatedLogPosition, type TaskConfig } from "@driver/nomad-plugin";
import type { LogFileLimits, LogMode } from "../config/log-source.ts";
import { FileLogSink } from "./file-log-sink.ts";
import { nullSink, type LogSink } from "./log-sink.ts";
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

export type LogTarget =
  /** Nomad's FIFOs. `readerIsFresh`: Nomad has just started a collector for this task. */
  | { readonly kind: "fifo"; readonly readerIsFresh: boolean }
  /** The files that `nomad alloc logs` reads, written by the plugin. */
  | { readonly kind: "files"; readonly limits: LogFileLimits; readonly resumeAt: LogFilePositions | undefined };

/** Who writes the task's log files: Nomad, which is given the output through FIFOs, or the plugin itself. */
export type LogCollector = { readonly kind: "nomad" } | { readonly kind: "driver"; readonly limits: LogFileLimits };

/** The collector of a task with this log mode; undefined where the plugin has nothing to carry. */
export function toCollector(mode: LogMode, limits: LogFileLimits): LogCollector | undefined {
  if (mode === "nomad") return { kind: "nomad" };
  return mode === "driver" ? { kind: "driver", limits } : undefined;
}

/** Where a collector's output goes for a task just started (`isFresh`) or recovered. */
export function toTarget(collector: LogCollector, { isFresh, resumeAt }: { readonly isFresh: boolean; readonly resumeAt: LogFilePositions | undefined }): LogTarget {
  return collector.kind === "nomad" ? { kind: "fifo", readerIsFresh: isFresh } : { kind: "files", limits: collector.limits, resumeAt };
}

type StreamName = "stdout" | "stderr";

/** Both streams of a task, written where Nomad told us to; nothing is opened outside the allocation's log folder. */
export function openLogSinks(task: TaskConfig, target: LogTarget, logger: Logger): LogSinks {
  const directory = GuardedDirectory.open(task.allocDir, "alloc", "logs");
  const isWanted = (path: string): boolean => path !== "" && path !== "/dev/null";
  const files = (stream: StreamName): FileLogSink | undefined => {
    if (target.kind !== "files" || !isWanted(pathOf(task, stream))) return undefined;
    return new FileLogSink({ directory, baseName: `${task.name}.${stream}`, ...target.limits, resumeAt: target.resumeAt?.[stream], logger });
  };
  const fifo = (stream: StreamName): LogSink => {
    const path = pathOf(task, stream);
    if (target.kind !== "fifo" || !isWanted(path)) return nullSink;
    return new TaskLogSink({ directory, fifoName: basename(path), baseName: `${task.name}.${stream}`, readerIsFresh: target.readerIsFresh, logger });
  };
  const own = { stdout: files("stdout"), stderr: files("stderr") };
  const sinks = { stdout: own.stdout ?? fifo("stdout"), stderr: own.stderr ?? fifo("stderr") };
  return {
    ...sinks,
    filePositions: () => (own.stdout === undefined || own.stderr === undefined ? undefined : { stdout: own.stdout.position, stderr: own.stderr.position }),
    finish: () => {
      sinks.stdout.finish();
      sinks.stderr.finish();
    },
    close: async () => {
      await Promise.allSettled([sinks.stdout.close(), sinks.stderr.close()]);
      directory.close();
    },
  };
}

function pathOf(task: TaskConfig, stream: StreamName): string {
  return stream === "stdout" ? task.stdoutPath : task.stderrPath;
}
