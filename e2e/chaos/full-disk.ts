import { execFile } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { SeededRandom } from "@driver/testing";

const run = promisify(execFile);
const blockBytes = 4096;

/** A small file system that is full every now and then. */
export class FullDisk implements AsyncDisposable {
  readonly path: string;
  #timesFull = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async mount(path: string): Promise<FullDisk> {
    await mkdir(path);
    await run("mount", ["-t", "tmpfs", "-o", "size=2m,mode=711", "tmpfs", path]);
    return new FullDisk(path);
  }

  get timesFull(): number {
    return this.#timesFull;
  }

  /** Fills and frees it in turns until the signal fires; it is free then. */
  async fillAndFree(random: SeededRandom, signal: AbortSignal): Promise<void> {
    const ballast = join(this.path, "ballast");
    const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted) {
      await pause(random.between(500, 2500));
      await fill(ballast);
      this.#timesFull += 1;
      await pause(random.between(500, 3000));
      await rm(ballast, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["--lazy", this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}

async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const block = Buffer.alloc(blockBytes); ; ) await file.write(block);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    await file.close();
  }
}
