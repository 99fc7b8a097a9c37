import { readlinkSync, realpathSync, statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";

interface Place {
  readonly folder: string;
  /** What is below it on the way to the socket. */
  readonly child: string;
  /** Another one for another folder of the same name. */
  readonly identity: string;
}

/** Links that lead from one to the next; the kernel follows as many. */
const mostLinks = 40;

/**
 * Tells when something comes, goes or changes where a unix socket should be. Only one folder is watched: that of the socket, or
 * while that is missing the deepest that there is on the way to it. Where the socket is a link, as `docker.sock` often is, or a link
 * on the way leads to what is missing, so is what it leads to.
 */
export class SocketPlace implements Disposable {
  readonly #path: string;
  readonly #onChange: () => void;
  #watchers: readonly FSWatcher[] = [];
  #watched: string | undefined;

  /** Nothing is watched before `arm`. */
  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  /**
   * Watches the folders that are the right ones now. To be called before each look at the socket, so that nothing is missed. True: a
   * socket that comes to be here later will be told of; false: the kernel does not let one of them be watched.
   */
  arm(): boolean {
    for (;;) {
      const places = findPlaces(this.#path);
      const wanted = places.map(({ identity, child }) => `${identity} ${child}`).join("\n");
      if (this.#watched === wanted) return true;
      this[Symbol.dispose]();
      if (!this.#watchAll(places)) return false;
      this.#watched = wanted;
      // A deeper folder may have come before the watch: the next round finds it.
    }
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#watched = undefined;
  }

  #watchAll(places: readonly Place[]): boolean {
    try {
      for (const place of places) this.#watchers = [...this.#watchers, this.#watch(place)];
      return true;
    } catch {
      // No right to look into it, or no inotify watch left.
      return false;
    }
  }

  #watch({ folder, child }: Place): FSWatcher {
    const own = basename(folder);
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      // The folder's own name comes when it is removed or moved itself.
      if (name === null || name === child || name === own) this.#onChange();
    });
    watcher.on("error", () => {
      if (this.#watchers.includes(watcher)) this[Symbol.dispose]();
    });
    return watcher;
  }
}

/** The place of the socket, and those that links in its place, or in that of a missing folder, lead to. */
function findPlaces(path: string, linksLeft = mostLinks): readonly Place[] {
  const place = findPlace(path);
  const link = resolve(place.folder, place.child);
  const target = linksLeft === 0 ? undefined : orUndefined(() => resolve(realpathSync(place.folder), readlinkSync(link)));
  return target === undefined ? [place] : [place, ...findPlaces(resolve(target, relative(link, path)), linksLeft - 1)];
}

function findPlace(path: string): Place {
  for (let [folder, child] = [dirname(path), basename(path)]; ; [folder, child] = [dirname(folder), basename(folder)]) {
    const identity = orUndefined(() => identifyFolder(folder));
    if (identity !== undefined || folder === "/") return { folder, child, identity: `${folder} ${identity ?? ""}` };
  }
}

/** Undefined when it is no folder. Throws where this user may not look. */
function identifyFolder(path: string): string | undefined {
  const found = statSync(path);
  return found.isDirectory() ? `${found.dev}:${found.ino}:${found.birthtimeMs}` : undefined;
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
