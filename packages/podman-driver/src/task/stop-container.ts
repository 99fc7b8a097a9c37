import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError } from "@driver/libpod";
import { DriverError, toSignalNumber, type Logger } from "@driver/nomad-plugin";
import { messageOf, toTimerMs } from "@driver/std";
import { inStep, isNoAnswer } from "../errors.ts";
import { answersWithin } from "./answers-within.ts";
import type { TaskHandle } from "./task-handle.ts";

export interface StopOptions {
  /** How long the task may take to end by itself; then SIGKILL. */
  readonly timeoutMs: number;
  /** Empty: the image's stop signal, else SIGTERM. */
  readonly killSignal: string;
}

const sigTerm = 15;
const sigKill = 9;
/** Longest wait for Podman to pass a signal on; then it goes to the task's process itself, where that is known. */
const signalAnswerMs = 3000;
/** A signal that neither Podman nor the kernel passed on is tried again after so long. */
const askAgainMs = 1000;
/** A process that nobody watches any more is looked at so often, and any other that is to end so often besides what its watch sees. */
const [lookAgainMs, lookBesidesMs] = [20, 1000];
/** The process is dead, and nobody tells how it ended: whoever ends a task waits no longer for that. */
const silentMs = 7000;
/** After SIGKILL the kernel and conmon get this long to agree that the task is gone. */
const killGraceMs = 20_000;

/**
 * Asks the task to end and kills it after the time-out, whose clock runs whether or not Podman answers. Settles when it has
 * ended; a task that is gone already is no error.
 */
export async function stopContainer(task: TaskHandle, options: StopOptions, logger: Logger, signal: AbortSignal): Promise<void> {
  const killAtMs = performance.now() + options.timeoutMs;
  task.processes.wakeConmon();
  await task.endRestart(options.timeoutMs, signal);
  // Its process may live on, unwatched.
  if (!task.isRunning) return killContainer(task, signal);
  task.processes.noteStop();
  const asking = new AbortController();
  const patienceMs = Math.min(signalAnswerMs, options.timeoutMs / 2);
  const asked =
    options.timeoutMs > 0
      ? askToEnd(
          task,
          { signalNumber: chooseSignal(task, options.killSignal), patienceMs, logger },
          AbortSignal.any([signal, asking.signal]),
        )
      : undefined;
  try {
    const end = await awaitEnd(task, killAtMs - performance.now(), signal);
    if (end === "silent") giveUp(task);
    if (end !== "late") return;
  } finally {
    asking.abort(new Error("the task's time to end by itself is over"));
    await asked;
  }
  await killContainer(task, signal);
}

/** What the job asks for, else the image, else SIGTERM. A word that is no signal must not make a task unstoppable. */
function chooseSignal(task: TaskHandle, killSignal: string): number {
  const wanted = killSignal || task.stopSignal;
  const number = wanted === "" ? sigTerm : toSignalNumber(wanted);
  if (number !== undefined) return number;
  const whose = killSignal === "" ? "the image's stop signal" : "kill_signal";
  task.emit(
    `${whose} "${wanted}" is no signal: the task is sent SIGTERM; a name such as SIGINT or INT, or a number from 1 to 64 would be right`,
  );
  return sigTerm;
}

interface Request {
  readonly signalNumber: number;
  /** Longest wait for Podman. */
  readonly patienceMs: number;
  readonly logger: Logger;
}

/** Settles when the signal has got through, or `signal` fires. Never rejects: the task is killed when its time is over. */
async function askToEnd(task: TaskHandle, { signalNumber, patienceMs, logger }: Request, signal: AbortSignal): Promise<void> {
  for (let hasWarned = false; !signal.aborted; hasWarned = true) {
    try {
      await thaw(task, patienceMs, signal);
      return await passOn(task, { signalNumber, patienceMs }, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger[hasWarned ? "debug" : "warn"]("the task could not be asked to end; it is asked again until its time is over", {
        error: String(error),
      });
    }
    await sleep(askAgainMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Sends a signal that Nomad's user asks for. Rejects with Podman's words when it refuses; where it does not answer the kernel is asked.
 */
export async function signalTask(task: TaskHandle, signalNumber: number, signal: AbortSignal): Promise<void> {
  try {
    await answersWithin(signalAnswerMs, signal, (bounded) => sendSignal(task, signalNumber, bounded));
  } catch (error) {
    signal.throwIfAborted();
    if (!isNoAnswer(error)) throw error;
    signalProcess(task, signalNumber, error);
  }
}

/** By Podman, whose other users then see it; by the kernel where Podman does not do it, for whatever reason. */
async function passOn(
  task: TaskHandle,
  { signalNumber, patienceMs }: Pick<Request, "signalNumber" | "patienceMs">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await answersWithin(patienceMs, signal, (bounded) => sendSignal(task, signalNumber, bounded));
  } catch (error) {
    signal.throwIfAborted();
    signalProcess(task, signalNumber, error);
  }
}

/** Sends a signal to the task's process itself. Throws when it cannot, with the words of whoever else could not. */
function signalProcess(task: TaskHandle, signalNumber: number, failure: unknown): void {
  const outcome = task.processes.signal(signalNumber);
  if (outcome.kind === "sent") return;
  if (outcome.kind === "gone") return task.lookAgain();
  const kernel = outcome.kind === "refused" ? `, and the kernel refuses it as well: ${messageOf(outcome.error)}` : "";
  throw new DriverError("failed", `task ${task.id}: ${messageOf(failure)}${kernel}`, { recoverable: true, cause: failure });
}

/** Kills the task and settles when it has ended; rejects when it outlives that by far. */
export async function killContainer(task: TaskHandle, signal: AbortSignal): Promise<void> {
  task.processes.wakeConmon();
  await task.endRestart(signalAnswerMs, signal);
  if (!task.isRunning && task.hasEnded) return;
  task.processes.noteStop();
  await thaw(task, signalAnswerMs, signal);
  // Nobody else need be asked where the kernel knows the process.
  const outcome = task.processes.signal(sigKill);
  if (outcome.kind === "gone") task.lookAgain();
  if (outcome.kind === "unknown" || outcome.kind === "refused") {
    await passOn(task, { signalNumber: sigKill, patienceMs: signalAnswerMs }, signal);
  }
  const killedAtMs = performance.now();
  if ((await awaitEnd(task, killGraceMs, signal)) === "ended" && !task.processes.isMainKnown) return;
  // One whose end was told before it came is not waited for by the watch.
  while (task.processes.isMainAlive() && performance.now() - killedAtMs < killGraceMs) await sleep(lookAgainMs, undefined, { signal });
  if (task.processes.isMainGone()) return giveUp(task);
  throw new DriverError("failed", `task ${task.id}: SIGKILL was sent ${killGraceMs / 1000} s ago, and its end is still not to be seen`, {
    recoverable: true,
  });
}

/**
 * The processes of a paused container get no signal before it goes on; Podman 4.3 even refuses to send one. Where the kernel
 * tells whether it is paused Podman is asked only to end that, and where it does not do so the kernel is.
 */
async function thaw(task: TaskHandle, patienceMs: number, signal: AbortSignal): Promise<void> {
  const isFrozen = task.processes.isFrozen();
  if (isFrozen === false) return;
  const { containers } = task.engine.client;
  try {
    await answersWithin(patienceMs, signal, async (bounded) => {
      const isPaused = isFrozen ?? (await containers.inspect(task.containerId, bounded))?.state.status === "paused";
      if (isPaused) await containers.unpause(task.containerId, bounded);
    });
  } catch {
    signal.throwIfAborted();
    // The signal may get through all the same, and says what is wrong when it does not.
  }
  if (task.processes.isFrozen() === true) task.processes.thaw();
}

/**
 * Settles when Podman has passed the signal on. A container that is not running any more is no error. Podman may think so of one
 * that runs, when it takes a cleared temporary folder for a reboot (podman 4.3): the kernel is asked then.
 */
async function sendSignal(task: TaskHandle, signalNumber: number, signal: AbortSignal): Promise<void> {
  try {
    await inStep(
      `send signal ${signalNumber} to container ${task.containerId.slice(0, 12)}`,
      task.engine.client.containers.kill(task.containerId, String(signalNumber), signal),
    );
  } catch (error) {
    if (!isNotRunning(error instanceof DriverError ? error.cause : error)) throw error;
    if (task.processes.signal(signalNumber).kind !== "sent") task.lookAgain();
  }
}

/** Podman's answers to a signal for a container that has just ended: 404, 409 from 4.6.1 on, 500 before. */
function isNotRunning(error: unknown): boolean {
  if (!(error instanceof LibpodError)) return false;
  return (
    error.code === "not-found" ||
    error.code === "conflict" ||
    /container state improper|can only kill running/.test(`${error.podmanCause ?? ""} ${error.podmanMessage ?? ""}`)
  );
}

/**
 * `ended`: its end was told. `silent`: its process is dead by the kernel's word, and nobody has told how it ended. `late`:
 * neither within the time.
 */
type End = "ended" | "silent" | "late";

async function awaitEnd(task: TaskHandle, timeoutMs: number, signal: AbortSignal): Promise<End> {
  const left = new AbortController();
  const stop = AbortSignal.any([signal, left.signal]);
  const ended = task.ended(stop).then(() => true);
  ended.catch(() => undefined);
  try {
    const lateAtMs = performance.now() + timeoutMs;
    for (let goneAtMs: number | undefined; ; ) {
      const nowMs = performance.now();
      // It may be stopped only now.
      task.processes.wakeConmon();
      if (task.processes.isMainGone()) {
        goneAtMs ??= nowMs;
        task.lookAgain();
      }
      if (goneAtMs !== undefined && nowMs - goneAtMs >= silentMs) return "silent";
      if (nowMs >= lateAtMs) return "late";
      if (await Promise.race([ended, sleep(Math.min(lookBesidesMs, toTimerMs(lateAtMs - nowMs)), false, { signal: stop })])) return "ended";
    }
  } catch (error) {
    // A timer that is cut short rejects with an error of its own.
    signal.throwIfAborted();
    throw error;
  } finally {
    left.abort();
  }
}

/** Nothing if its end was told. */
function giveUp(task: TaskHandle): void {
  task.giveUp(`the task's process was ended, and within ${silentMs / 1000} s neither conmon nor Podman has told its code`);
}
