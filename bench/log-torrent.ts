import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DriverRig, RiggedTask, TaskWishes } from "@driver/testing";
import type { Bed } from "./bed.ts";
import { destroyTasks } from "./bed-tasks.ts";
import { readAnonymousMb, readCpuSeconds } from "./process-usage.ts";
import type { RecordedSpec } from "./recorded-spec.ts";

const consumer = fileURLToPath(new URL("log-consumer.ts", import.meta.url));
/** With its newline 100 bytes, which is about what programs write. */
const line = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(3).slice(0, 99);

/** A task that writes so many bytes to stdout as fast as it can, and ends. */
export function torrentOf(sizeBytes: number): TaskWishes {
  return { config: { command: "sh", args: ["-c", `yes ${line} | head -c ${sizeBytes}`] } };
}

export interface TorrentRun {
  readonly elapsedMs: number;
  readonly driverCpuSeconds: number;
  readonly anonymousMb: number;
}

/** From StartTask's answer until a reader of the task's FIFO has every byte. @throws Error when a byte is missing, wrong or too many. */
export async function runTorrent(rig: DriverRig, sizeBytes: number): Promise<TorrentRun> {
  const task = await rig.prepare(torrentOf(sizeBytes));
  // The rig's own reader keeps everything in memory.
  await task.stdout.close();
  const reading = consume(task, sizeBytes);
  const cpuBefore = readCpuSeconds(rig.pluginPid);
  await rig.startTask(task);
  const startMs = performance.now();
  await reading.complete;
  const elapsedMs = performance.now() - startMs;
  const driverCpuSeconds = readCpuSeconds(rig.pluginPid) - cpuBefore;
  const anonymousMb = readAnonymousMb(rig.pluginPid);
  await rig.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
  await reading.ended;
  await destroyTasks(rig, [task]);
  return { elapsedMs, driverCpuSeconds, anonymousMb };
}

/** The same container under Podman alone, with nobody reading what conmon writes. */
export async function runUnread(bed: Bed, spec: RecordedSpec, task: RiggedTask): Promise<number> {
  const container = await bed.podman.startContainer(spec.specFor(task));
  const startMs = performance.now();
  await bed.podman.waitForExit(container.id);
  const elapsedMs = performance.now() - startMs;
  await bed.podman.remove(container.id);
  return elapsedMs;
}

interface Reading {
  readonly complete: Promise<void>;
  readonly ended: Promise<void>;
}

function consume(task: RiggedTask, sizeBytes: number): Reading {
  const args = ["--disable-warning=ExperimentalWarning", consumer, task.config.stdoutPath, line, String(sizeBytes)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const complete = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (said) => {
    if (said === "complete") return complete.resolve();
    if (said === `end ${sizeBytes} 0`) return ended.resolve();
    const error = new Error(
      `the log is not what the task wrote: ${sizeBytes} bytes wanted, the reader says "${said}" (bytes, wrong pieces)`,
    );
    complete.reject(error);
    ended.reject(error);
  });
  // Whoever waits for the first one hears of it; the second may never be awaited then.
  ended.promise.catch(() => undefined);
  return { complete: complete.promise, ended: ended.promise };
}
