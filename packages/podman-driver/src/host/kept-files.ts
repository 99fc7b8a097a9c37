import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { readKernelFile } from "./proc-files.ts";

/** Gives what a file of the kernel says; undefined when it cannot be read. */
export type ReadFile = (folder: string, name: string) => string | undefined;

/** Opens the file for each reading. */
export const readFile: ReadFile = (folder, name) => readKernelFile(`${folder}/${name}`);

/** Longer than any of the files that are read so. */
const buffer = Buffer.allocUnsafeSlow(16_384);

/** Of all objects. */
let keptCount = 0;
/** A quarter of the descriptors that this process may have. */
let defaultMostKept: number | undefined;

/**
 * Files of the kernel in folders of a container, read again and again: opening one takes longer than reading it. Where too many are
 * kept already, a file is opened for each reading as before.
 */
export class KeptFiles implements Disposable {
  /** By the name, which no two of the files share. */
  readonly #descriptors = new Map<string, number>();
  readonly #mostKept: number;

  /** `mostKept`: how many descriptors all such objects may hold for this one to take another. Default: a quarter of the process's. */
  constructor(mostKept = (defaultMostKept ??= aQuarter())) {
    this.#mostKept = mostKept;
  }

  readonly read: ReadFile = (folder, name) => {
    const kept = this.#descriptors.get(name);
    if (kept === undefined && keptCount >= this.#mostKept) return readFile(folder, name);
    try {
      const length = readSync(kept ?? this.#open(folder, name), buffer, 0, buffer.length, 0);
      if (length < buffer.length) return buffer.toString("latin1", 0, length);
      this.#close(name);
    } catch {
      this.#close(name);
      // A file of the kernel's that was removed cannot be read through an old descriptor; there may be another of its name.
      if (kept === undefined) return undefined;
    }
    return readFile(folder, name);
  };

  /** The next reading opens the files anew. */
  [Symbol.dispose](): void {
    for (const name of this.#descriptors.keys()) this.#close(name);
  }

  #open(folder: string, name: string): number {
    const descriptor = openSync(`${folder}/${name}`, "r");
    this.#descriptors.set(name, descriptor);
    keptCount += 1;
    return descriptor;
  }

  #close(name: string): void {
    const descriptor = this.#descriptors.get(name);
    if (descriptor === undefined) return;
    this.#descriptors.delete(name);
    keptCount -= 1;
    closeSync(descriptor);
  }
}

function aQuarter(): number {
  const [, most = "1024"] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
  return Math.floor(Number(most) / 4);
}
