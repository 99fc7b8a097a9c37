import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The memory in which a process keeps its objects. */
export interface Heap {
  /** What it takes of the machine, in bytes. */
  takenBytes(): number;
  /** Gives back all pages that no living object needs, also those kept for later. Some 40 ms, in which nothing else runs. */
  trim(): void;
}

/** That of the running process. Where the engine cannot be told to collect, `trim` does nothing. */
export const processHeap: Heap = {
  takenBytes: () => process.memoryUsage().heapTotal,
  trim() {
    // The engine shows its function to new contexts only, once this flag is set; among the executable's own flags it would put the
    // cache of compiled code out of use (docs/decisions/0010).
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
    if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
  },
};
