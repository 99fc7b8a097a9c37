import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("polling-baseline.ts", import.meta.url));

/** The polling baseline in a process of its own, so that its CPU time can be told from ours. */
export class PollingWatcher implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<string, () => void>();

  constructor(socketPath: string) {
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, socketPath], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const [what, containerId] = line.split(" ");
      const key = `${what} ${containerId}`;
      this.#waiting.get(key)?.();
      this.#waiting.delete(key);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Settles when the container is watched, with a promise that settles when its end is reported. */
  async watch(containerId: string): Promise<{ readonly ended: Promise<void> }> {
    const watching = new Promise<void>((resolve) => this.#waiting.set(`watching ${containerId}`, resolve));
    const ended = new Promise<void>((resolve) => this.#waiting.set(`ended ${containerId}`, resolve));
    this.#child.stdin.write(`${containerId}\n`);
    await watching;
    return { ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await exited;
  }
}
