import { closeSync, constants, fstatSync, linkSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** conmon's message for "open your log anew" (conmon: ctl, since 2.0.9). */
const reopenLog = "2 0 0\n";
const lookIntervalMs = 5;
/** conmon does it within milliseconds; a busy host gets this long. */
const reopenGraceMs = 3000;

/** conmon's control FIFO in the container's folder, by which it is asked to begin a new log file. */
export class ConmonLogControl {
  readonly #ctlPath: string;
  readonly #logPath: string;
  readonly #socketPath: string;

  constructor(paths: { readonly staticDir: string; readonly logPath: string; readonly socketPath: string }) {
    this.#ctlPath = join(paths.staticDir, "ctl");
    this.#logPath = paths.logPath;
    this.#socketPath = paths.socketPath;
  }

  /**
   * Keeps the log under `rotatedPath` and has conmon begin a new one under its own name. Settles true when conmon has
   * switched, after which it never writes to the old file again; false, with nothing changed, when it is gone or does not.
   */
  async rotate(rotatedPath: string, signal: AbortSignal): Promise<boolean> {
    const before = statSync(this.#logPath, { bigint: true }).ino;
    linkSync(this.#logPath, rotatedPath);
    if (this.#askConmon() && (await this.#hasSwitched(before, signal))) return true;
    rmSync(rotatedPath, { force: true });
    return false;
  }

  /** False: conmon is gone. It may go without having read the message, as it does when its container ends. */
  #askConmon(): boolean {
    return this.#withControl((fd) => void writeSync(fd, reopenLog)) === "done";
  }

  #isConmonThere(): boolean {
    return this.#withControl(() => undefined) !== "gone";
  }

  /** "gone": nobody reads the FIFO, or it is none of the engine's. "failed" says nothing of conmon: no file may be left to open. */
  #withControl(use: (fd: number) => void): "done" | "gone" | "failed" {
    let fd: number | undefined;
    try {
      // Not waiting: once conmon is gone nobody reads it.
      fd = openSync(this.#ctlPath, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const stats = fstatSync(fd);
      if (!stats.isFIFO() || stats.uid !== statSync(this.#socketPath).uid) return "gone";
      use(fd);
      return "done";
    } catch (error) {
      return error instanceof Error && "code" in error && (error.code === "ENXIO" || error.code === "ENOENT") ? "gone" : "failed";
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  async #hasSwitched(before: bigint, signal: AbortSignal): Promise<boolean> {
    const deadlineMs = performance.now() + reopenGraceMs;
    while (performance.now() < deadlineMs) {
      const isThere = this.#isConmonThere();
      const now = statSync(this.#logPath, { bigint: true, throwIfNoEntry: false });
      if (now !== undefined && now.ino !== before) return true;
      if (!isThere) return false;
      await sleep(lookIntervalMs, undefined, { signal });
    }
    return false;
  }
}
