import { encodeMsgpack, launchDriver, type HclValue, type LaunchedDriver, type TaskDriver } from "@driver/nomad-plugin";
import { testSetting } from "@driver/testing";

/** One life of the plugin process. */
export interface Incarnation {
  readonly number: number;
  readonly pid: number;
  readonly driver: TaskDriver;
  /** Settles when the process has gone. */
  readonly gone: Promise<unknown>;
}

interface Running extends Incarnation {
  readonly launched: LaunchedDriver;
  readonly stopListening: AbortController;
}

/**
 * The part of a Nomad agent that keeps a driver plugin running: launches it, listens to its fingerprints, and launches
 * another when it dies.
 */
export class Agent implements AsyncDisposable {
  readonly #config: Readonly<Record<string, HclValue>>;
  readonly #onLog: (line: string) => void;
  #current: Promise<Running>;
  #number = 0;
  #ending = false;

  /** `onLog` receives what the plugin logs, line by line. */
  constructor(config: Readonly<Record<string, HclValue>>, onLog: (line: string) => void) {
    this.#config = config;
    this.#onLog = onLog;
    this.#current = this.#launch();
  }

  /** The plugin there is, or the next one as soon as it answers. */
  current(): Promise<Incarnation> {
    return this.#current;
  }

  /** How many plugins have been launched. */
  get incarnations(): number {
    return this.#number;
  }

  async killPlugin(): Promise<void> {
    const { pid, number, gone } = await this.#current;
    process.kill(pid, "SIGKILL");
    await gone;
    // The successor is on its way before anybody is told.
    while ((await this.#current).number === number) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the plugin for a while: `resume` launches the next. */
  async halt(): Promise<() => Promise<void>> {
    const running = await this.#current;
    let resume: () => void = () => undefined;
    this.#current = new Promise<void>((resolve) => (resume = resolve)).then(() => this.#launch());
    process.kill(running.pid, "SIGKILL");
    await running.gone;
    return async () => {
      resume();
      await this.#current;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    const running = await this.#current;
    running.stopListening.abort();
    await running.launched[Symbol.asyncDispose]();
  }

  async #launch(): Promise<Running> {
    this.#number += 1;
    const launched = await launchDriver({
      command: testSetting("TEST_PLUGIN"),
      env: process.env,
      onLog: (entry) =>
        this.#onLog(`${(performance.now() / 1000).toFixed(3)} ${entry.level} ${entry.message} ${JSON.stringify(entry.fields)}`),
      signal: AbortSignal.timeout(60_000),
    });
    const client = { minPort: 14_000, maxPort: 14_512, topology: { coreCount: 2, totalComputeMhz: 4000 } };
    await launched.driver.setConfig({ msgpack: encodeMsgpack(this.#config), client, apiVersion: "v0.1.0" }, AbortSignal.timeout(30_000));
    const stopListening = new AbortController();
    void listen(launched.driver, stopListening.signal);
    const running = {
      number: this.#number,
      pid: launched.plugin.pid,
      driver: launched.driver,
      gone: launched.plugin.exited,
      launched,
      stopListening,
    };
    void this.#replaceWhenGone(running);
    return running;
  }

  async #replaceWhenGone(running: Running): Promise<void> {
    await running.gone;
    const isHalted = (await Promise.race([this.#current, Promise.resolve(undefined)])) !== running;
    if (this.#ending || isHalted) return;
    this.#current = this.#launch();
  }
}

/** An agent listens for as long as it uses the plugin. */
async function listen(driver: TaskDriver, signal: AbortSignal): Promise<void> {
  try {
    for await (const fingerprint of driver.fingerprint(signal)) void fingerprint;
  } catch {
    // The plugin has gone.
  }
}
