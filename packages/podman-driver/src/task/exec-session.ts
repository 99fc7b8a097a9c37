import { LibpodError, type ExecStream, type PodmanClient } from "@driver/libpod";
import {
  DriverError,
  takeUntilAborted,
  type ExecInput,
  type ExecOutput,
  type ExecSetup,
  type ExecUpdate,
  type ExitResult,
} from "@driver/nomad-plugin";
import { toTimerMs } from "@driver/std";
import { BackOff, type BackOffLimits } from "../back-off.ts";
import { inStep, isConnectionLost, toDriverError } from "../errors.ts";
import { killSessionOf } from "../host/kill-session.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { retryTransient } from "./retry-transient.ts";
import { TailBuffer } from "./tail-buffer.ts";

export interface ExecTarget {
  readonly podman: PodmanClient;
  readonly socketPath: string;
  readonly containerId: string;
  readonly roots: HostRoots;
  /** Told when a command that was to be killed may go on, and why. */
  onSurvived(reason: string): void;
}

const createForMs = 500;
/** How much of each stream a script check or a template's script gives back (`nomad`: its own drivers keep as much). */
const outputTailBytes = 4096;
const endOfTransmission = Uint8Array.of(4);
/** Podman writes the exit code down before the stream ends; a lagging service gets this long. */
const exitCodeGraceMs = 5000;
const exitCodePauses: BackOffLimits = { shortestMs: 10, longestMs: 2000 };
/** To kill a session its process must be known: so long is Podman asked for it, and so long is one answer waited for. */
const [killAskForMs, killAnswerMs] = [2000, 5000];

/**
 * Runs a command to its end and keeps the tail of its output. `timeoutMs` 0: no limit. On time-out the whole session is killed.
 * Rejects with a `DriverError`, which never has the command in it (a check's may hold a password), or the signal's reason.
 */
export async function runExec(
  target: ExecTarget,
  options: { readonly command: readonly string[]; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<ExecOutput> {
  const deadline = options.timeoutMs > 0 ? AbortSignal.timeout(toTimerMs(options.timeoutMs)) : undefined;
  const both = deadline === undefined ? signal : AbortSignal.any([signal, deadline]);
  const stdout = new TailBuffer(outputTailBytes);
  const stderr = new TailBuffer(outputTailBytes);
  let fate = "it was killed";
  const onSurvived = (reason: string): void => {
    fate = `it could not be killed and may go on: ${reason}`;
    target.onSurvived(reason);
  };
  try {
    for await (const update of followExec({ ...target, onSurvived }, { command: options.command, tty: false }, undefined, both)) {
      if (update.kind === "exited") return { stdout: stdout.bytes(), stderr: stderr.bytes(), result: update.result };
      (update.kind === "stdout" ? stdout : stderr).append(update.data);
    }
  } catch (error) {
    if (deadline?.aborted !== true || signal.aborted) throw error;
    throw new DriverError("failed", `exec: the command has not finished within ${options.timeoutMs} ms; ${fate}`, { cause: error });
  }
  throw new DriverError("failed", "exec: the command ended without an exit code");
}

/**
 * Runs a command with its streams connected; `input` undefined: its stdin is at the end at once. Yields output as it comes and
 * one `exited` at
 * the end. When the signal fires or the caller stops reading, the session's processes are killed. Rejects as `runExec` does.
 */
export async function* followExec(
  target: ExecTarget,
  setup: ExecSetup,
  input: AsyncIterable<ExecInput> | undefined,
  signal: AbortSignal,
): AsyncGenerator<ExecUpdate> {
  if (setup.command.length === 0) throw new DriverError("config-invalid", "exec: the command is empty");
  const { podman, containerId } = target;
  // Without a stdin of its own crun up to 1.21 gives the command the host's null device, and is careless with that.
  const create = (): Promise<string> =>
    podman.exec.create(containerId, { command: setup.command, tty: setup.tty, attachStdin: true }, signal);
  // It starts nothing, so that a lost answer is no reason to give up.
  const created = retryTransient(create, { forMs: createForMs, when: isConnectionLost, signal });
  const execId = await inStep(`create exec in container ${containerId.slice(0, 12)}`, created);
  const running = `start exec ${execId.slice(0, 12)}`;
  const inputEnd = new AbortController();
  let finished = false;
  let feeding: Promise<void> | undefined;
  let stream: ExecStream | undefined;
  try {
    // A start whose answer is lost may have happened: what it started is killed as well.
    stream = await inStep(running, podman.exec.start(execId, { tty: setup.tty }, signal));
    feeding = feed({ podman, execId, stream, tty: setup.tty }, input ?? noInput(), AbortSignal.any([signal, inputEnd.signal]));
    for await (const chunk of stream.output) yield { kind: chunk.stream, data: chunk.data };
    signal.throwIfAborted();
    const result = await waitForExitCode(podman, execId, signal);
    finished = true;
    yield { kind: "exited", result };
  } catch (error) {
    throw toDriverError(running, error);
  } finally {
    inputEnd.abort();
    stream?.destroy();
    if (!finished) await killExec(target, execId);
    await feeding;
  }
}

/** Nothing to read: the end of input at once. */
async function* noInput(): AsyncGenerator<ExecInput> {
  yield { kind: "stdin-close" };
}

interface Feed {
  readonly podman: PodmanClient;
  readonly execId: string;
  readonly stream: ExecStream;
  readonly tty: boolean;
}

/** Passes on what the caller sends until either side ends. The caller may never end: nobody waits for it. */
async function feed(to: Feed, input: AsyncIterable<ExecInput>, signal: AbortSignal): Promise<void> {
  try {
    for await (const operation of takeUntilAborted(input, signal)) await pass(to, operation, signal);
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
      if (operation.height > 0 && operation.width > 0) {
        await to.podman.exec.resize(to.execId, { height: operation.height, width: operation.width }, signal);
      }
  }
}

async function waitForExitCode(podman: PodmanClient, execId: string, signal: AbortSignal): Promise<ExitResult> {
  const deadlineMs = performance.now() + exitCodeGraceMs;
  const inspect = (): ReturnType<PodmanClient["exec"]["inspect"]> => podman.exec.inspect(execId, signal);
  for (const backOff = new BackOff(exitCodePauses); ; await backOff.pause(signal)) {
    const forMs = Math.max(0, deadlineMs - performance.now());
    const session = await inStep(`inspect exec ${execId.slice(0, 12)}`, retryTransient(inspect, { forMs, signal }));
    if (!session.running) return { exitCode: session.exitCode, signal: 0, oomKilled: false };
    if (performance.now() > deadlineMs) {
      throw new DriverError("failed", "exec: its output has ended, but Podman says it still runs; exit code unknown");
    }
  }
}

/** Podman lets an exec run on when its connection is dropped, so its processes are ended through the kernel. */
async function killExec(target: ExecTarget, execId: string): Promise<void> {
  const { podman, socketPath, roots, containerId } = target;
  const signal = AbortSignal.timeout(killAnswerMs);
  const inspect = (): ReturnType<PodmanClient["exec"]["inspect"]> => podman.exec.inspect(execId, signal);
  try {
    const session = await retryTransient(inspect, { forMs: killAskForMs, signal });
    if (!session.running) return;
    const outcome = await killSessionOf(roots, { pid: session.pid, containerId, socketPath });
    if (outcome.kind === "left") target.onSurvived(outcome.reason);
    const isElsewhere = outcome.kind === "gone" && (await inspect()).running;
    if (isElsewhere) target.onSurvived(`Podman names process ${session.pid}, which this host does not have`);
  } catch (error) {
    // The container or the session is gone, and its processes with it.
    if (error instanceof LibpodError && error.code === "not-found") return;
    target.onSurvived(signal.aborted ? `Podman does not tell its process within ${killAnswerMs / 1000} s` : String(error));
  }
}
