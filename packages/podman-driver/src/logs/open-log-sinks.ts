import { basename } from "node:path";
import type { Logger } from "@driver/nomad-plugin";
import { GuardedDirectory, type TaskConfig } from "@driver/nomad-plugin";
import { nullSink, type LogSink } from "./log-sink.ts";
import { TaskLogSink } from "./task-log-sink.ts";

export interface LogSinks {
  readonly stdout: LogSink;
  readonly stderr: LogSink;
  close(): Promise<void>;
}

/** Both streams of a task, written where Nomad told us to; nothing is opened outside the allocation's log folder. */
export function openLogSinks(task: TaskConfig, options: { readonly readerIsFresh: boolean; readonly logger: Logger }): LogSinks {
  const directory = GuardedDirectory.open(task.allocDir, "alloc", "logs");
  const sinkFor = (stream: "stdout" | "stderr", path: string): LogSink =>
    path === "" || path === "/dev/null"
      ? nullSink
      : new TaskLogSink({ directory, fifoName: basename(path), baseName: `${task.name}.${stream}`, ...options });
  const stdout = sinkFor("stdout", task.stdoutPath);
  const stderr = sinkFor("stderr", task.stderrPath);
  return {
    stdout,
    stderr,
    close: async () => {
      await Promise.allSettled([stdout.close(), stderr.close()]);
      directory.close();
    },
  };
}
