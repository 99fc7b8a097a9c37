import { setTimeout as sleep } from "node:timers/promises";
import type { ExecStream, PodmanClient } from "@driver/libpod";
import { DriverError, type ExecInput, type ExecOutput, type ExecSetup, type ExecUpdate, type ExitResult } from "@driver/nomad-plugin";
import { killSessionOf } from "../host/kill-session.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { toTimerMs } from "../to-timer-ms.ts";
import { retryTransient } from "./retry-transient.ts";
import { TailBuffer } from "./tail-buffer.ts";

export interface ExecTarget {
  readonly podman: PodmanClient;
  readonly containerId: string;
  readonly roots: HostRoots;
}

/** How much of each stream a script check or a template's script gives back (`nomad`: its own drivers keep as much). */
const outputTailBytes = 4096;
const endOfTransmission = Uint8Array.of(4);
/** Podman writes the exit code down before the stream ends; a lagging service gets this long. */
const exitCodeGraceMs = 5000;

/** Runs a command to its end and keeps the tail of its output. `timeoutMs` 0: no limit. On time-out the whole session is killed. */
export async function runExec(
  target: ExecTarget,
  options: { readonly command: readonly string[]; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<ExecOutput> {
  const deadline = options.timeoutMs > 0 ? AbortSignal.timeout(toTimerMs(options.timeoutMs)) : undefined;
  const both = deadline === undefined ? signal : AbortSignal.any([signal, deadline]);
  const stdout = new TailBuffer(outputTailBytes);
  const stderr = new TailBuffer(outputTailBytes);
  try {
    for await (const update of followExec(target, { command: options.command, tty: false }, undefined, both)) {
      if (update.kind === "exited") return { stdout: stdout.bytes(), stderr: stderr.bytes(), result: update.result };
      (update.kind === "stdout" ? stdout : stderr).append(update.data);
    }
  } catch (error) {
    if (deadline?.aborted !== true || signal.aborted) throw error;
    throw new DriverError("failed", `${options.command.join(" ")}: not finished within ${options.timeoutMs} ms; it was killed`, { cause: error });
  }
  throw new DriverError("failed", `${options.command.join(" ")}: ended without an exit code`);
}

/**
 * Runs a command with its streams connected; `input` undefined: no stdin. Yields output as it comes and one `exited` at
 * the end. When the signal fires or the caller stops reading, the session's processes are killed.
 */
export async function* followExec(
  target: ExecTarget,
  setup: ExecSetup,
  input: AsyncIterable<ExecInput> | undefined,
  signal: AbortSignal,
): AsyncGenerator<ExecUpdate> {
  if (setup.command.length === 0) throw new DriverError("config-invalid", "exec: the command is empty");
  const { podman } = target;
  const execId = await podman.exec.create(target.containerId, { command: setup.command, tty: setup.tty, attachStdin: input !== undefined }, signal);
  const inputEnd = new AbortController();
  let finished = false;
  let feeding: Promise<void> | undefined;
  let stream: ExecStream | undefined;
  try {
    // A start whose answer is lost may have happened: what it started is killed as well.
    stream = await podman.exec.start(execId, { tty: setup.tty }, signal);
    if (input !== undefined) feeding = feed({ podman, execId, stream, tty: setup.tty }, input, AbortSignal.any([signal, inputEnd.signal]));
    for await (const chunk of stream.output) yield { kind: chunk.stream, data: chunk.data };
    signal.throwIfAborted();
    const result = await waitForExitCode(podman, execId, signal);
    finished = true;
    yield { kind: "exited", result };
  } finally {
    inputEnd.abort();
    stream?.destroy();
    if (!finished) await killExec(target, execId);
    await feeding;
  }
}

interface Feed {
  readonly podman: PodmanClient;
  readonly execId: string;
  readonly stream: ExecStream;
  readonly tty: boolean;
}

/** Passes on what the caller sends until either side ends. The caller may never end: nobody waits for it. */
async function feed(to: Feed, input: AsyncIterable<ExecInput>, signal: AbortSignal): Promise<void> {
  const iterator = input[Symbol.asyncIterator]();
  const ended = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), ended]);
      if (next === undefined || next.done === true) return;
      await pass(to, next.value, signal);
    }
  } catch {
    // The process has closed its stdin or has ended, or the caller has gone: the output side tells which.
  }
}

async function pass(to: Feed, operation: ExecInput, signal: AbortSignal): Promise<void> {
  switch (operation.kind) {
    case "stdin":
      return to.stream.write(operation.data);
    case "stdin-close":
      // A terminal has no end of input, only the character that stands for it.
      return to.tty ? to.stream.write(endOfTransmission) : to.stream.end();
    case "resize":
      if (operation.height > 0 && operation.width > 0) await to.podman.exec.resize(to.execId, { height: operation.height, width: operation.width }, signal);
  }
}

async function waitForExitCode(podman: PodmanClient, execId: string, signal: AbortSignal): Promise<ExitResult> {
  const deadlineMs = performance.now() + exitCodeGraceMs;
  for (let pauseMs = 10; ; pauseMs *= 2) {
    const inspect = (): ReturnType<PodmanClient["exec"]["inspect"]> => podman.exec.inspect(execId, signal);
    const session = await retryTransient(inspect, { forMs: Math.max(0, deadlineMs - performance.now()), signal });
    if (!session.running) return { exitCode: session.exitCode, signal: 0, oomKilled: false };
    if (performance.now() > deadlineMs) throw new DriverError("failed", "exec: its output has ended, but Podman says it still runs; exit code unknown");
    await sleep(pauseMs, undefined, { signal });
  }
}

/** Podman lets an exec run on when its connection is dropped, so its processes are ended through the kernel. */
async function killExec(target: ExecTarget, execId: string): Promise<void> {
  try {
    const session = await target.podman.exec.inspect(execId, AbortSignal.timeout(exitCodeGraceMs));
    if (session.running) killSessionOf(target.roots, session.pid, target.containerId);
  } catch {
    // The container or the session is gone, and its processes with it.
  }
}
