import { closeSync, fstatSync, readSync, type FSWatcher } from "node:fs";
import { readProcessOwner, type EngineOwner } from "./engine-owner.ts";
import { EngineFolder } from "./engine-storage.ts";
import type { RepeatedFailure } from "../repeated-failure.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { isShortage, readCommandLine, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** Where conmon leaves word of a container's end. */
export interface ConmonFolders {
  /** Gets a file named by the container id, with the exit code, as soon as the container has ended. */
  readonly exits: string;
  /** Gets a file `oom` when the kernel killed for want of memory. Undefined: that place cannot be told. */
  readonly oomMark: string | undefined;
  /** conmon's user, whose folders these must be. */
  readonly owner: EngineOwner;
  /** Where it writes the container's output. Undefined: into no file. */
  readonly log?: ConmonLog;
}

export interface ConmonLog {
  readonly logPath: string;
  /** The container's own folder, in which conmon listens. */
  readonly staticDir: string;
}

/** Read from conmon's own command line. Undefined when the process is not the conmon of this container. */
export function readConmonFolders(roots: HostRoots, conmon: ProcessIdentity, containerId: string): ConmonFolders | undefined {
  const args = readCommandLine(roots, conmon.pid);
  if (args === undefined || !args.includes(containerId)) return undefined;
  const valueOf = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const exits = valueOf("--exit-dir");
  const owner = readProcessOwner(roots, conmon.pid);
  // conmon until 2.1.12 marks its working folder, later the bundle; each of them the persistent folder where it is given one,
  // which is the one that Podman reads, and clears for another start (conmon: cgroup.c).
  if (exits === undefined || owner === undefined) return undefined;
  const staticDir = valueOf("-b");
  const log = toLog(valueOf("-l") ?? valueOf("--log-path"), staticDir);
  return { exits, oomMark: valueOf("--persist-dir") ?? staticDir, owner, ...(log !== undefined && { log }) };
}

/** `driver:path`, or the name of a driver without a file. */
function toLog(target: string | undefined, staticDir: string | undefined): ConmonLog | undefined {
  const [, logPath] = /^(?:k8s-file|json-file):(\/.+)$/s.exec(target ?? "") ?? [];
  return logPath === undefined || staticDir === undefined ? undefined : { logPath, staticDir };
}

/** What conmon wrote down about the end of a container. */
export interface ExitRecord {
  /** 0 to 255. */
  readonly exitCode: number;
  readonly writtenAt: Date;
  /** When conmon saw an OOM kill in the container's cgroup. Undefined proves nothing: older versions leave no mark that can be found. */
  readonly oomMarkedAt: Date | undefined;
}

const longestRecordBytes = 8;

/**
 * conmon's record of a container's end, from which Podman itself learns the exit code; written when all of the container's
 * output is in its log (conmon: conmon.c). Undefined while the container runs, and when Podman has put the record away.
 */
export function readExitRecord({ exits, oomMark, owner }: ConmonFolders, containerId: string): ExitRecord | undefined {
  const record = readIn(exits, owner, (folder) => readCode(folder, containerId));
  if (record === undefined) return undefined;
  return { ...record, oomMarkedAt: oomMark === undefined ? undefined : readIn(oomMark, owner, (folder) => folder.modifiedAt("oom")) };
}

/** Undefined when the folder, or what is looked for in it, is missing or somebody else's. */
function readIn<T>(path: string, owner: EngineOwner, read: (folder: EngineFolder) => T): T | undefined {
  try {
    using folder = EngineFolder.open(path, owner);
    return read(folder);
  } catch {
    return undefined;
  }
}

function readCode(folder: EngineFolder, containerId: string): Omit<ExitRecord, "oomMarkedAt"> | undefined {
  const fd = folder.openFile(containerId);
  try {
    const buffer = Buffer.alloc(longestRecordBytes);
    const text = buffer.toString("latin1", 0, readSync(fd, buffer)).trim();
    const exitCode = Number(text);
    return /^\d{1,3}$/.test(text) && exitCode <= 255 ? { exitCode, writtenAt: fstatSync(fd).mtime } : undefined;
  } finally {
    closeSync(fd);
  }
}

interface WatchedFolder {
  readonly path: string;
  readonly owner: EngineOwner;
  readonly hints: Map<string, () => void>;
  watcher: FSWatcher | undefined;
  /** Which folder it is that is watched under this path. */
  identity: string | undefined;
}

/** Watches conmon's exit folders, one inotify watch each, for as long as somebody waits for a container there. */
export class ExitDirectories {
  readonly #folders = new Map<string, WatchedFolder>();
  readonly #heartbeat: Heartbeat;
  readonly #failure: RepeatedFailure;
  #stopBeat: (() => void) | undefined;

  /** The heartbeat finds a folder that was removed and made again, of which a watch says nothing. `failure` is told what hints throw. */
  constructor(heartbeat: Heartbeat, failure: RepeatedFailure) {
    this.#heartbeat = heartbeat;
    this.#failure = failure;
  }

  /** Calls `hint` when the container's exit file appears. False: the folder cannot be watched for now, or is not conmon's user's. */
  subscribe(conmon: ConmonFolders, containerId: string, hint: () => void): boolean {
    const key = keyOf(conmon);
    const folder = this.#folders.get(key) ?? {
      path: conmon.exits,
      owner: conmon.owner,
      hints: new Map<string, () => void>(),
      watcher: undefined,
      identity: undefined,
    };
    this.#folders.set(key, folder);
    this.#stopBeat ??= this.#heartbeat.subscribe(() => {
      for (const known of this.#folders.values()) arm(known);
    });
    folder.hints.set(containerId, () => this.#failure.attempt(hint, containerId));
    arm(folder);
    return folder.watcher !== undefined;
  }

  unsubscribe(conmon: ConmonFolders, containerId: string): void {
    const key = keyOf(conmon);
    const folder = this.#folders.get(key);
    folder?.hints.delete(containerId);
    this.#failure.forget(containerId);
    if (folder?.hints.size === 0) this.#close(key);
  }

  close(): void {
    for (const key of [...this.#folders.keys()]) this.#close(key);
  }

  #close(key: string): void {
    const folder = this.#folders.get(key);
    if (folder !== undefined) disarm(folder);
    this.#folders.delete(key);
    if (this.#folders.size > 0) return;
    this.#stopBeat?.();
    this.#stopBeat = undefined;
  }
}

/** Several users may name one path, and it is his only for one of them. */
function keyOf({ exits, owner }: ConmonFolders): string {
  return JSON.stringify([owner.uid, owner.ruledIds, exits]);
}

/** Sees to it that the folder which has this path now is watched; a reboot or `podman system reset` makes another. */
function arm(folder: WatchedFolder): void {
  try {
    using found = EngineFolder.open(folder.path, folder.owner);
    if (folder.watcher !== undefined && folder.identity === found.identity) return;
    disarm(folder);
    // Not at the first sign of a file: conmon writes under another name and renames.
    const watcher = found.watch((name) => {
      if (name !== null) folder.hints.get(name)?.();
    });
    watcher.on("error", () => {
      if (folder.watcher === watcher) disarm(folder);
    });
    folder.watcher = watcher;
    folder.identity = found.identity;
  } catch (error) {
    // Gone, another's, or no inotify watch left: the next beat tries again. What is watched may well be there where nothing can be opened.
    if (!isShortage(error)) disarm(folder);
  }
}

function disarm(folder: WatchedFolder): void {
  folder.watcher?.close();
  folder.watcher = undefined;
}
