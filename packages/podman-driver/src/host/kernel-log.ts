import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { codeOf } from "@driver/std";
import type { HostRoots } from "./proc-files.ts";

/** The kernel gives one record per read, none longer than this. */
const recordBytes = 8192;
/** Read in one go: a full ring buffer at once would hold up every other task for tens of milliseconds. */
const sliceRecords = 200;
/** A full ring buffer holds fewer than so many slices; more means that it is written faster than it is read. */
const mostSlices = 100;
/** Containers remembered; the oldest are forgotten. Nobody asks for one that ended long ago. */
const mostRemembered = 1000;

/**
 * The OOM kills that the kernel's log tells of, by container: a last resort for a cgroup that was gone before its counter could
 * be read. Opened when the first question comes and then read on where the last reading ended, once for all who ask. The log is
 * shared by the whole host, and the kernel leaves kills out when there are many (kernel: ten in five seconds).
 */
export class KernelLog {
  readonly #path: string;
  readonly #buffer = Buffer.allocUnsafeSlow(recordBytes);
  readonly #killed = new Set<string>();
  #fd: number | undefined;
  #reading: Promise<void> | undefined;
  #isClosed = false;

  constructor(roots: Pick<HostRoots, "devDir">) {
    this.#path = join(roots.devDir, "kmsg");
  }

  /** Whether the log holds an OOM kill in this container's cgroup. False where it cannot be read. Never rejects. */
  async hasOomKill(containerId: string): Promise<boolean> {
    // What is being read now may have begun before this container's end was written.
    await this.#reading;
    if (!this.#killed.has(containerId)) await (this.#reading ??= this.#readOn().finally(() => (this.#reading = undefined)));
    return this.#killed.has(containerId);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  async #readOn(): Promise<void> {
    for (let slices = 0; slices < mostSlices && this.#open() !== undefined; slices += 1) {
      if (this.#readSlice()) return;
      await nextTurn();
    }
  }

  #open(): number | undefined {
    if (this.#isClosed) return undefined;
    try {
      return (this.#fd ??= openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK));
    } catch {
      // Not readable for this user, or not there: nothing is known.
      return undefined;
    }
  }

  /** True at the end of what is written so far. */
  #readSlice(): boolean {
    for (let count = 0; count < sliceRecords; count += 1) {
      const length = this.#readRecord();
      if (length === 0) return true;
      this.#note(this.#buffer.toString("latin1", 0, length));
    }
    return false;
  }

  /** 0 at the end. Records that the ring buffer has lost before they were read are passed over. */
  #readRecord(): number {
    for (;;) {
      try {
        return this.#fd === undefined ? 0 : readSync(this.#fd, this.#buffer);
      } catch (error) {
        if (codeOf(error) !== "EPIPE") return 0;
      }
    }
  }

  #note(record: string): void {
    if (!/oom-kill:|Task in \//.test(record)) return;
    for (const [, containerId = ""] of record.matchAll(/libpod-(?:payload-)?([0-9a-f]{64})/g)) this.#killed.add(containerId);
    for (const oldest of this.#killed) {
      if (this.#killed.size <= mostRemembered) return;
      this.#killed.delete(oldest);
    }
  }
}
