import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { inStep } from "../errors.ts";
import { parseSignal } from "../plan/signal-name.ts";
import { toTimerMs } from "../to-timer-ms.ts";
import type { TaskHandle } from "./task-handle.ts";

export interface StopOptions {
  /** How long the task may take to end by itself; then SIGKILL. */
  readonly timeoutMs: number;
  /** Empty: the image's stop signal, else SIGTERM. */
  readonly killSignal: string;
}

const sigKill = 9;
/** Longest wait for Podman to pass SIGKILL on; then the kernel is asked directly. */
const killAnswerMs = 5000;
/** After SIGKILL the kernel, conmon and Podman get this long to agree that the task is gone. */
const killGraceMs = 20_000;

/** Asks the task to end and kills it after the time-out. Settles when it has ended; a task that is gone already is no error. */
export async function stopContainer(task: TaskHandle, options: StopOptions, signal: AbortSignal): Promise<void> {
  await task.endRestart(killGraceMs, signal);
  if (!task.isRunning) return;
  task.noteStop();
  const polite = parseSignal(options.killSignal || task.stopSignal || "SIGTERM");
  if (options.timeoutMs > 0) {
    await thaw(task, signal);
    await sendSignal(task, polite, signal);
    if (await endsWithin(task, options.timeoutMs, signal)) return;
  }
  await killContainer(task, signal);
}

/** Kills the task and settles when it has ended; rejects when it outlives that by far. */
export async function killContainer(task: TaskHandle, signal: AbortSignal): Promise<void> {
  await task.endRestart(killGraceMs, signal);
  if (!task.isRunning) return;
  task.noteStop();
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(killAnswerMs)]);
    await thaw(task, bounded);
    await sendSignal(task, sigKill, bounded);
  } catch (error) {
    signal.throwIfAborted();
    // A Podman that does not answer must not keep a task alive that has to go.
    if (task.signalProcess(sigKill) === "unknown") throw toKillError(task, error);
  }
  if (await endsWithin(task, killGraceMs, signal)) return;
  throw new DriverError("failed", `task ${task.id}: SIGKILL was sent ${killGraceMs / 1000} s ago, and Podman still does not report its end`);
}

/** The processes of a paused container get no signal before it goes on; Podman 4.3 even refuses to send one. */
async function thaw(task: TaskHandle, signal: AbortSignal): Promise<void> {
  const { containers } = task.host.client;
  try {
    const container = await containers.inspect(task.containerId, signal);
    if (container?.state.status === "paused") await containers.unpause(task.containerId, signal);
  } catch (error) {
    signal.throwIfAborted();
    // The signal may get through all the same, and says what is wrong when it does not.
    if (!(error instanceof LibpodError)) throw error;
  }
}

/**
 * Settles when Podman has passed the signal on. A container that is not running any more is no error. Podman may think so of one
 * that runs, when it takes a cleared temporary folder for a reboot (podman 4.3): the kernel is asked then.
 */
export async function sendSignal(task: TaskHandle, signalNumber: number, signal: AbortSignal): Promise<void> {
  try {
    await inStep(`send signal ${signalNumber} to container ${task.containerId.slice(0, 12)}`, task.host.client.containers.kill(task.containerId, String(signalNumber), signal));
  } catch (error) {
    if (!isNotRunning(error instanceof DriverError ? error.cause : error)) throw error;
    if (task.signalProcess(signalNumber) !== "sent") task.lookAgain();
  }
}

/** Podman's answers to a signal for a container that has just ended: 404, 409 from 4.6.1 on, 500 before. */
function isNotRunning(error: unknown): boolean {
  if (!(error instanceof LibpodError)) return false;
  return error.code === "not-found" || error.code === "conflict" || /container state improper|can only kill running/.test(`${error.podmanCause ?? ""} ${error.podmanMessage ?? ""}`);
}

function toKillError(task: TaskHandle, cause: unknown): DriverError {
  const text = cause instanceof DriverError ? cause.message : `no answer from Podman within ${killAnswerMs / 1000} s`;
  return new DriverError("failed", `task ${task.id} cannot be killed: ${text}`, { recoverable: true, cause });
}

async function endsWithin(task: TaskHandle, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const late = new AbortController();
  const stop = AbortSignal.any([signal, late.signal]);
  try {
    const first = await Promise.race([task.wait(stop).then(() => true), sleep(toTimerMs(timeoutMs), false, { signal: stop })]);
    return first;
  } catch (error) {
    // A timer that is cut short rejects with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    late.abort();
  }
}
