import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { requestEngine, until, type Engine } from "@driver/testing";

/** The engine's Podman service, to be killed, frozen and started anew; takes the place of the one the engine came with. */
export class PodmanService {
  readonly #engine: Engine;
  #child: ChildProcess | undefined;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async takeOver(engine: Engine): Promise<PodmanService> {
    const service = new PodmanService(engine);
    process.kill(engine.pid, "SIGKILL");
    await service.start();
    return service;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Settles when it answers. */
  async start(): Promise<void> {
    const { socketPath, env } = this.#engine;
    const folder = dirname(socketPath);
    const log = openSync(join(folder, "service.log"), "a");
    try {
      this.#child = spawn("podman", ["system", "service", "--time=0", `unix://${socketPath}`], {
        stdio: ["ignore", log, log],
        cwd: folder,
        env: { ...process.env, ...env },
      });
    } finally {
      closeSync(log);
    }
    await until(() => this.#answers());
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async #answers(): Promise<boolean> {
    try {
      return (
        (await requestEngine(this.#engine.socketPath, { method: "GET", path: "/_ping", signal: AbortSignal.timeout(5000) })).status === 200
      );
    } catch {
      return false;
    }
  }
}
