import { statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

interface Place {
  readonly folder: string;
  /** What is below it on the way to the socket. */
  readonly child: string;
  /** Another one for another folder of the same name. */
  readonly identity: string;
}

/**
 * Tells when something comes, goes or changes where a unix socket should be. Only one folder is watched: that of the socket, or
 * while that is missing the deepest that there is on the way to it.
 */
export class SocketPlace implements Disposable {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  #watched: string | undefined;

  /** Nothing is watched before `arm`. */
  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  /**
   * Watches the folder that is the right one now. To be called before each look at the socket, so that nothing is missed. True: a
   * socket that comes to be here later will be told of; false: the kernel does not let this folder be watched.
   */
  arm(): boolean {
    for (;;) {
      const place = this.#find();
      if (this.#watched === place.identity) return true;
      this[Symbol.dispose]();
      if (!this.#watch(place)) return false;
      // A deeper folder may have come before the watch: the next round finds it.
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = undefined;
  }

  #find(): Place {
    for (let [folder, child] = [dirname(this.#path), basename(this.#path)]; ; [folder, child] = [dirname(folder), basename(folder)]) {
      const identity = identifyFolder(folder);
      if (identity !== undefined || folder === "/") return { folder, child, identity: `${folder} ${identity ?? ""}` };
    }
  }

  #watch({ folder, child, identity }: Place): boolean {
    try {
      const own = basename(folder);
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // The folder's own name comes when it is removed or moved itself.
        if (name === null || name === child || name === own) this.#onChange();
      });
      watcher.on("error", () => {
        if (this.#watcher === watcher) this[Symbol.dispose]();
      });
      this.#watcher = watcher;
      this.#watched = identity;
      return true;
    } catch {
      // No right to look into it, or no inotify watch left.
      return false;
    }
  }
}

/** Undefined when it is no folder, or this user may not look. */
function identifyFolder(path: string): string | undefined {
  try {
    const found = statSync(path);
    return found.isDirectory() ? `${found.dev}:${found.ino}:${found.birthtimeMs}` : undefined;
  } catch {
    return undefined;
  }
}
