import { watch } from "node:fs";
import type { ContainerInspect } from "@driver/libpod";
import { codeOf } from "@driver/std";
import { readOomKills } from "../host/cgroup-counters.ts";
import type { CgroupFolders } from "../host/cgroup-path.ts";
import { identifyContainer, type ContainerProcesses } from "../host/container-processes.ts";
import { readExitRecord, type ConmonFolders, type ExitRecord } from "../host/exit-directory.ts";
import { isFrozen, thaw } from "../host/freezer.ts";
import { OomKillsAbove } from "../host/oom-kills-above.ts";
import { isAlive, isStopped, readUnburiedCode, type HostRoots, type ProcessIdentity } from "../host/proc-files.ts";

/** What became of a signal that was sent without Podman. */
export type SignalOutcome =
  | { readonly kind: "sent" }
  /** The process has ended. */
  | { readonly kind: "gone" }
  /** Nobody knows which process it is. */
  | { readonly kind: "unknown" }
  /** The kernel refuses, as to a user who may not touch it. */
  | { readonly kind: "refused"; readonly error: unknown };

/**
 * A container's processes as Podman names them and the kernel confirms. `proven`: its main process, as believed when the task was
 * started.
 */
export function identifyInspected(
  roots: HostRoots,
  socketPath: string,
  { id, state }: ContainerInspect,
  proven: ProcessIdentity | undefined,
): ContainerProcesses {
  const { pid, conmonPid, cgroupPath } = state;
  return identifyContainer(roots, { socketPath, containerId: id, pid, conmonPid, cgroupPath, proven });
}

/** One container's processes as far as the kernel vouches for them, and what can be done and learned without Podman. */
export class TaskProcesses {
  readonly #roots: HostRoots;
  readonly #containerId: string;
  #known: ContainerProcesses;
  #survivedOomKills: number | undefined;
  #oomKillsAbove: OomKillsAbove | undefined;
  #isBeingEnded = false;

  constructor(roots: HostRoots, containerId: string, known: ContainerProcesses = { conmonIsLost: false }) {
    this.#roots = roots;
    this.#containerId = containerId;
    this.#known = known;
  }

  /** Somebody has looked at the container: from now on these are its processes. */
  replace(known: ContainerProcesses): void {
    this.#known = known;
  }

  /** True: the kernel could not be asked when somebody looked, so that somebody has to look again. */
  get isUncertain(): boolean {
    return this.#known.isUncertain === true;
  }

  /** The main process, be it alive or not; undefined: it could not be told. */
  get main(): ProcessIdentity | undefined {
    return this.#known.main;
  }

  /** The container's accounting; undefined where it cannot be told. */
  get cgroup(): CgroupFolders | undefined {
    return this.#known.cgroup;
  }

  /** conmon, be it alive or not. */
  get conmon(): ProcessIdentity | undefined {
    return this.#known.conmon;
  }

  get conmonFolders(): ConmonFolders | undefined {
    return this.#known.conmonFolders;
  }

  /** Whether it can be told if the main process lives. */
  get isMainKnown(): boolean {
    return this.#known.main !== undefined || this.#known.mainIsGone === true;
  }

  /** True: the main process is known and has ended. */
  isMainGone(): boolean {
    const { main, mainIsGone = false } = this.#known;
    return main === undefined ? mainIsGone : !isAlive(this.#roots, main);
  }

  /** True: the main process is known and has not ended, whatever anybody has said of the container. */
  isMainAlive(): boolean {
    const { main } = this.#known;
    return main !== undefined && isAlive(this.#roots, main);
  }

  /** True: conmon, which alone learns the exit code, is known to have ended. */
  isConmonGone(): boolean {
    const { conmon, conmonIsLost } = this.#known;
    return conmonIsLost || (conmon !== undefined && !isAlive(this.#roots, conmon));
  }

  /** The code of a main process that has ended and whose end conmon has taken no note of; undefined: there is none, or it is not told. */
  readUnburiedCode(): number | undefined {
    const { main } = this.#known;
    return main === undefined ? undefined : readUnburiedCode(this.#roots, main);
  }

  /** Sends a signal to the main process. */
  signal(signalNumber: number): SignalOutcome {
    const { main } = this.#known;
    if (this.isMainGone()) return { kind: "gone" };
    if (main === undefined) return { kind: "unknown" };
    try {
      process.kill(main.pid, signalNumber);
      return { kind: "sent" };
    } catch (error) {
      // It ended between the look and the blow.
      return codeOf(error) === "ESRCH" ? { kind: "gone" } : { kind: "refused", error };
    }
  }

  /** Lets a conmon go on that somebody has stopped: it takes no note of the end of its container, and ends as little itself. */
  wakeConmon(): void {
    const { conmon } = this.#known;
    if (conmon === undefined || !isStopped(this.#roots, conmon)) return;
    try {
      process.kill(conmon.pid, "SIGCONT");
    } catch {
      // It has ended, or is not this user's to signal: its container's end is seen without it.
    }
  }

  /** Whether the container is paused, by the kernel's word; undefined where its process is not known. */
  isFrozen(): boolean | undefined {
    const { main } = this.#known;
    return main === undefined ? undefined : isFrozen(this.#roots, main);
  }

  /** Lets a paused container go on without its engine. */
  thaw(): void {
    const { main } = this.#known;
    if (main !== undefined) thaw(this.#roots, main, this.#containerId);
  }

  /** OOM kills counted in the container's cgroup; undefined once it is gone. */
  readOomKills(): number | undefined {
    const { cgroup } = this.#known;
    return cgroup === undefined ? undefined : readOomKills(cgroup);
  }

  /**
   * Calls `note` with each new value of that counter. Only cgroup v2 tells of it, and there it is needed: systemd removes the
   * group at once.
   */
  watchOomKills(note: (oomKills: number) => void): () => void {
    const { cgroup } = this.#known;
    if (cgroup?.version !== 2) return () => undefined;
    this.#oomKillsAbove = OomKillsAbove.since(this.#roots, cgroup);
    try {
      const watcher = watch(`${cgroup.dir}/memory.events`, { persistent: false }, () => {
        const oomKills = readOomKills(cgroup);
        if (oomKills !== undefined) note(oomKills);
      });
      watcher.on("error", () => watcher.close());
      return () => watcher.close();
    } catch {
      // No memory controller, no watch left, or the group is gone: the end is looked into by other means.
      return () => undefined;
    }
  }

  /** True: no OOM kill has come since `watchOomKills`, nor one before, be the cgroup gone or not. False where that is not known. */
  isWithoutOomKill(): boolean {
    return this.#oomKillsAbove?.isUnchanged() === true;
  }

  /** For those who end the task: what the kernel has killed for memory until now is not why it ends. */
  noteStop(): void {
    this.#isBeingEnded = true;
    // A main process that is dead already may be one of those killed.
    if (this.isMainKnown && !this.isMainGone()) this.#survivedOomKills ??= this.readOomKills();
  }

  /** Whether somebody ends the task, who waits for its end. */
  get isBeingEnded(): boolean {
    return this.#isBeingEnded;
  }

  /** OOM kills that the task had outlived at the first `noteStop`. */
  get survivedOomKills(): number | undefined {
    return this.#survivedOomKills;
  }

  readExitRecord(): ExitRecord | undefined {
    const { conmonFolders } = this.#known;
    return conmonFolders === undefined ? undefined : readExitRecord(conmonFolders, this.#containerId);
  }
}
