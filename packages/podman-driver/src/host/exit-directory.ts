import { watch, type FSWatcher } from "node:fs";
import { readCommandLine, type HostRoots, type ProcessIdentity } from "./proc-files.ts";

/**
 * The folder where conmon writes a file named by the container id as soon as the container has ended, read from
 * conmon's own command line. Undefined when the process is not the conmon of this container.
 */
export function readExitDirectory(roots: HostRoots, conmon: ProcessIdentity, containerId: string): string | undefined {
  const args = readCommandLine(roots, conmon.pid);
  if (args === undefined || !args.includes(containerId)) return undefined;
  const at = args.indexOf("--exit-dir");
  return at === -1 ? undefined : args[at + 1];
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
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        if (name !== null) hints.get(name.split(".")[0] ?? name)?.();
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
