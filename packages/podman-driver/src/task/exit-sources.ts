import type { DriverServices } from "../driver-services.ts";
import type { ExitRecord } from "../host/exit-directory.ts";
import type { ObservedState } from "./exit-verdict.ts";
import type { ExitSources, HintWatch } from "./exit-watcher.ts";
import type { TaskSubject } from "./task-container.ts";
import type { TaskProcesses } from "./task-processes.ts";

/** How a container's end is seen: by the kernel and conmon's record where they can be seen, and else by Podman. */
export class ContainerExit implements ExitSources {
  readonly #subject: TaskSubject;
  readonly #processes: TaskProcesses;
  readonly #services: DriverServices;
  #hint: (() => void) | undefined;

  constructor(subject: TaskSubject, processes: TaskProcesses, services: DriverServices) {
    this.#subject = subject;
    this.#processes = processes;
    this.#services = services;
  }

  /** Somebody has found that the container does not run. */
  lookAgain(): void {
    this.#hint?.();
  }

  readExitRecord(): ExitRecord | undefined {
    return this.#processes.readExitRecord();
  }

  async inspect(signal: AbortSignal): Promise<ObservedState | undefined> {
    const { engine, containerId } = this.#subject;
    return (await engine.client.containers.inspect(containerId, signal))?.state;
  }

  wait(intervalMs: number, signal: AbortSignal): Promise<number> {
    const { engine, containerId } = this.#subject;
    return engine.client.containers.wait(containerId, { conditions: ["exited", "stopped"], intervalMs }, signal);
  }

  watchHints(hint: () => void): HintWatch {
    this.#hint = hint;
    const { engine, containerId } = this.#subject;
    const { heartbeat, exitDirectories } = this.#services;
    const { conmonFolders } = this.#processes;
    const hintIfGone = (): void => {
      if (!this.isConmonAlive() || this.isMainGone()) hint();
    };
    const stopBeat = heartbeat.subscribe(hintIfGone);
    const hasFolder = conmonFolders !== undefined && exitDirectories.subscribe(conmonFolders, containerId, hint);
    const seesAll = hasFolder && this.#processes.isMainKnown;
    const stopEvents = seesAll ? undefined : engine.events.subscribe(containerId, hint);
    // Its exit file may have come before the watch.
    hintIfGone();
    return {
      sight: seesAll ? "whole" : hasFolder ? "partial" : "none",
      close: () => {
        this.#hint = undefined;
        stopBeat();
        stopEvents?.();
        if (conmonFolders !== undefined) exitDirectories.unsubscribe(conmonFolders, containerId);
      },
    };
  }

  watchOomKills(note: (oomKills: number) => void): () => void {
    return this.#processes.watchOomKills(note);
  }

  isConmonAlive(): boolean {
    return !this.#processes.isConmonGone();
  }

  isMainGone(): boolean {
    return this.#processes.isMainGone();
  }

  isMainAlive(): boolean {
    return this.#processes.isMainAlive();
  }

  readUnburiedCode(): number | undefined {
    return this.#processes.readUnburiedCode();
  }

  isBeingEnded(): boolean {
    return this.#processes.isBeingEnded;
  }

  readOomKills(): number | undefined {
    return this.#processes.readOomKills();
  }

  isWithoutOomKill(): boolean {
    return this.#processes.isWithoutOomKill();
  }

  survivedOomKills(): number | undefined {
    return this.#processes.survivedOomKills;
  }

  hasOomRecord(): Promise<boolean> {
    return this.#services.kernelLog.hasOomKill(this.#subject.containerId);
  }
}
