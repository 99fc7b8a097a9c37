import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { readCommandLine, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/** Where conmon leaves word of a container's end. */
export interface ConmonFolders {
  /** Gets a file named by the container id, with the exit code, as soon as the container has ended. */
  readonly exits: string;
  /** Gets a file `oom` when the kernel killed for want of memory. Undefined: that place cannot be told. */
  readonly oomMark: string | undefined;
}

/** Read from conmon's own command line. Undefined when the process is not the conmon of this container. */
export function readConmonFolders(roots: HostRoots, conmon: ProcessIdentity, containerId: string): ConmonFolders | undefined {
  const args = readCommandLine(roots, conmon.pid);
  if (args === undefined || !args.includes(containerId)) return undefined;
  const valueOf = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const exits = valueOf("--exit-dir");
  // conmon until 2.1.12 marks its working folder, later the bundle; each of them the persistent folder where it is given one,
  // which is the one that Podman reads, and clears for another start (conmon: cgroup.c).
  return exits === undefined ? undefined : { exits, oomMark: valueOf("--persist-dir") ?? valueOf("-b") };
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
export function readExitRecord({ exits, oomMark }: ConmonFolders, containerId: string): ExitRecord | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(join(exits, containerId), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    const buffer = Buffer.alloc(longestRecordBytes);
    const text = stats.isFile() ? buffer.toString("latin1", 0, readSync(fd, buffer)).trim() : "";
    const exitCode = Number(text);
    if (!/^\d{1,3}$/.test(text) || exitCode > 255) return undefined;
    return { exitCode, writtenAt: stats.mtime, oomMarkedAt: oomMark === undefined ? undefined : lstatSync(join(oomMark, "oom"), { throwIfNoEntry: false })?.mtime };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Watches conmon's exit folders, one inotify watch each, for as long as somebody waits for a container there. */
export class ExitDirectories {
  readonly #watches = new Map<string, { readonly watcher: FSWatcher; readonly hints: Map<string, () => void> }>();

  /** Calls `hint` when the container's exit file appears. False: the folder cannot be watched. */
  subscribe(directory: string, containerId: string, hint: () => void): boolean {
    const entry = this.#watches.get(directory) ?? this.#open(directory);
    entry?.hints.set(containerId, hint);
    return entry !== undefined;
  }

  unsubscribe(directory: string, containerId: string): void {
    const entry = this.#watches.get(directory);
    entry?.hints.delete(containerId);
    if (entry?.hints.size === 0) this.#close(directory);
  }

  close(): void {
    for (const directory of [...this.#watches.keys()]) this.#close(directory);
  }

  #open(directory: string): { readonly watcher: FSWatcher; readonly hints: Map<string, () => void> } | undefined {
    const hints = new Map<string, () => void>();
    try {
      // Not at the first sign of it: conmon writes under another name and renames.
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        if (name !== null) hints.get(name)?.();
      });
      // The folder is on a tmpfs that a reboot or `podman system reset` takes away; Podman's own wait remains.
      watcher.on("error", () => this.#close(directory));
      const entry = { watcher, hints };
      this.#watches.set(directory, entry);
      return entry;
    } catch {
      // No inotify watch left or no right to look: Podman's own wait, at a shorter interval, does the work.
      return undefined;
    }
  }

  #close(directory: string): void {
    this.#watches.get(directory)?.watcher.close();
    this.#watches.delete(directory);
  }
}
