// For tests of what happens when no descriptor is left.
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";

/** More than a child process takes, by which the limit is set. */
const spare = 64;

/** While it lasts this process can open nothing: EMFILE. */
export class ExhaustedDescriptors implements Disposable {
  readonly #limits: string;
  readonly #fillers: number[] = [];

  constructor() {
    const [, soft, hard] = /Max open files +(\S+) +(\S+)/.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    this.#limits = `${soft}:${hard}`;
    const highest = Math.max(...readdirSync("/proc/self/fd").map(Number));
    setLimits(`${highest + spare}:${hard}`);
    for (let isFull = false; !isFull; ) {
      try {
        this.#fillers.push(openSync("/dev/null", "r"));
      } catch {
        isFull = true;
      }
    }
  }

  /** Safe to call again. */
  end(): void {
    if (this.#fillers.length === 0) return;
    for (const fd of this.#fillers.splice(0)) closeSync(fd);
    setLimits(this.#limits);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

function setLimits(limits: string): void {
  execFileSync("prlimit", ["--pid", String(process.pid), `--nofile=${limits}`]);
}
