import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The memory in which a process keeps its objects. */
export interface Heap {
  /** What it takes of the machine, in bytes. */
  takenBytes(): number;
  /** Gives back all pages that no living object needs, also those kept for later. Some 40 ms, in which nothing else runs. */
  trim(options: TrimOptions): void;
  /**
   * Whether the part for young objects may grow, up to what the process was started with. It does so under load, and once grown it is
   * filled before anything is collected. Default true.
   */
  letGrow(isAllowed: boolean): void;
}

export interface TrimOptions {
  /** True: also the code of functions that do not run just now. It is compiled anew where it is called again. */
  readonly givesUpCode: boolean;
}

/** V8's flags for giving up code, and their defaults. Code counts as old as soon as one collection has not met it running. */
const codeFlags = ["--bytecode-old-age=1", "--flush-baseline-code"];
const usualFlags = ["--bytecode-old-age=6", "--no-flush-baseline-code"];

/** That of the running process. Where the engine cannot be told to collect, `trim` does nothing. */
export const processHeap: Heap = {
  takenBytes: () => process.memoryUsage().heapTotal,
  trim({ givesUpCode }) {
    // The engine shows its function to new contexts only, once this flag is set; among the executable's own flags it would put the
    // cache of compiled code out of use (docs/decisions/0010), as would those that are set below.
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
    if (typeof collect !== "function") return;
    try {
      if (givesUpCode) for (const flag of codeFlags) setFlagsFromString(flag);
      collect({ type: "major", execution: "sync", flavor: "last-resort" });
    } finally {
      for (const flag of usualFlags) setFlagsFromString(flag);
    }
  },
  letGrow(isAllowed) {
    setFlagsFromString(`--semi-space-growth-factor=${isAllowed ? 2 : 1}`);
  },
};
