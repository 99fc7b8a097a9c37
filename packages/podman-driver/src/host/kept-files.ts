import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";

/** What a file of the kernel says; no text, since there are half a dozen of them for each task each second. Good until the next reading. */
export interface Reading {
  readonly bytes: Buffer;
  /** How many of the bytes are the file's. */
  readonly length: number;
}

/** Gives what a file of the kernel says; undefined when it cannot be read. */
export type ReadFile = (folder: string, name: string) => Reading | undefined;

/** Longer than any of the files that are read so. */
const buffer = Buffer.allocUnsafeSlow(16_384);
const reading = { bytes: buffer, length: 0 };

/** Opens the file for each reading. */
export const readFile: ReadFile = (folder, name) => {
  const path = `${folder}/${name}`;
  try {
    const descriptor = openSync(path, "r");
    try {
      return readOpen(descriptor) ?? readLong(path);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
};

/** Undefined: it is too long. */
function readOpen(descriptor: number): Reading | undefined {
  reading.length = readSync(descriptor, buffer, 0, buffer.length, 0);
  return reading.length < buffer.length ? reading : undefined;
}

function readLong(path: string): Reading {
  const bytes = readFileSync(path);
  return { bytes, length: bytes.length };
}

/** Of all objects. */
let keptCount = 0;
/** A quarter of the descriptors that this process may have. */
let defaultMostKept: number | undefined;

interface KeptFile {
  readonly name: string;
  readonly descriptor: number;
}

/**
 * Files of the kernel in folders of a container, read again and again: opening one takes longer than reading it. Where too many are
 * kept already, a file is opened for each reading as before.
 */
export class KeptFiles implements Disposable {
  /** A handful. No two of the files share a name. */
  readonly #kept: KeptFile[] = [];
  readonly #mostKept: number;

  /** `mostKept`: how many descriptors all such objects may hold for this one to take another. Default: a quarter of the process's. */
  constructor(mostKept = (defaultMostKept ??= aQuarter())) {
    this.#mostKept = mostKept;
  }

  /** As `ReadFile`. */
  read(folder: string, name: string): Reading | undefined {
    const kept = this.#find(name)?.descriptor;
    // An error of the system's takes more than all the rest, and many a kernel lacks one of the files.
    if (kept === undefined && !existsSync(`${folder}/${name}`)) return undefined;
    if (kept === undefined && keptCount >= this.#mostKept) return readFile(folder, name);
    try {
      const found = readOpen(kept ?? this.#open(folder, name));
      if (found !== undefined) return found;
      this.#close(name);
    } catch {
      this.#close(name);
      // A file of the kernel's that was removed cannot be read through an old descriptor; there may be another of its name.
      if (kept === undefined) return undefined;
    }
    return readFile(folder, name);
  }

  /** The next reading opens the files anew. */
  [Symbol.dispose](): void {
    for (const { name } of [...this.#kept]) this.#close(name);
  }

  #open(folder: string, name: string): number {
    const descriptor = openSync(`${folder}/${name}`, "r");
    this.#kept.push({ name, descriptor });
    keptCount += 1;
    return descriptor;
  }

  #close(name: string): void {
    const kept = this.#find(name);
    if (kept === undefined) return;
    this.#kept.splice(this.#kept.indexOf(kept), 1);
    keptCount -= 1;
    closeSync(kept.descriptor);
  }

  #find(name: string): KeptFile | undefined {
    for (const kept of this.#kept) if (kept.name === name) return kept;
    return undefined;
  }
}

function aQuarter(): number {
  const [, most = "1024"] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
  return Math.floor(Number(most) / 4);
}
