import { closeSync, writeSync } from "node:fs";
import { codeOf } from "@driver/std";
import type { EngineFolder } from "../host/engine-storage.ts";

/** conmon's message for "open your log anew" (conmon: ctl, since 2.0.9). */
const reopenLog = "2 0 0\n";

/** Whether conmon can be told something. */
export type ConmonAnswer =
  | { readonly kind: "told" }
  /** Nobody reads its FIFO. */
  | { readonly kind: "gone" }
  /** Says nothing of conmon: no descriptor may be left, or its FIFO be full or missing. */
  | { readonly kind: "not-now"; readonly error: unknown };

/** conmon's control FIFO in the container's folder, by which it is asked to begin a new log file. */
export class ConmonLogControl {
  readonly #withFolder: <T>(use: (folder: EngineFolder) => T) => T;

  /** `withFolder` lends the container's own folder, and throws when that cannot be opened. */
  constructor(withFolder: <T>(use: (folder: EngineFolder) => T) => T) {
    this.#withFolder = withFolder;
  }

  /** Asks for a new log file. conmon may go without having read the message, as it does when its container ends. */
  ask(): ConmonAnswer {
    return this.#tell((fd) => void writeSync(fd, reopenLog));
  }

  /** Whether it could be asked now. */
  look(): ConmonAnswer {
    return this.#tell(() => undefined);
  }

  #tell(use: (fd: number) => void): ConmonAnswer {
    try {
      this.#withFolder((folder) => {
        const fd = folder.openFifo("ctl");
        try {
          use(fd);
        } finally {
          closeSync(fd);
        }
      });
      return { kind: "told" };
    } catch (error) {
      return codeOf(error) === "ENXIO" ? { kind: "gone" } : { kind: "not-now", error };
    }
  }
}
