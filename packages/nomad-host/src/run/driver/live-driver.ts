import type { LogEntry } from "@driver/go-plugin";
import type { ConfigBody, DriverCapabilities, Fingerprint, PluginInfo, Spec, TaskDriver, TaskEvent } from "@driver/nomad-plugin";

import { messageOf, waitAborted } from "@driver/std";
import type { NodeFacts } from "../env/node-facts.ts";
import { RunError } from "../run-error.ts";
import { configureDriver } from "./configure-driver.ts";
import type { LaunchDriver, LaunchedDriver } from "./launched-driver.ts";

/** Nomad waits as long for the first fingerprints of all drivers. */
const fingerprintTimeoutMs = 50_000;
const shutdownTimeoutMs = 2_000;

export interface LiveDriverOptions {
  readonly launch: LaunchDriver;
  readonly pluginConfig: ConfigBody | undefined;
  readonly node: NodeFacts;
  readonly onLog: (entry: LogEntry) => void;
  readonly onTaskEvent: (event: TaskEvent) => void;
  /** Each change of the driver's health after the first fingerprint. */
  readonly onHealth: (fingerprint: Fingerprint) => void;
}

/** What is asked of a driver once, after its launch. */
export interface DriverFacts {
  readonly info: PluginInfo;
  readonly capabilities: DriverCapabilities;
  readonly taskSchema: Spec;
  readonly fingerprint: Fingerprint;
}

/** One plugin process, configured and healthy, with its Fingerprint and TaskEvents streams held open. */
export class LiveDriver implements AsyncDisposable {
  readonly driver: TaskDriver;
  readonly facts: DriverFacts;
  /** Of its process. */
  readonly pid: number;
  readonly #launched: LaunchedDriver;
  readonly #streams: DriverStreams;
  #ending: string | undefined;

  private constructor(launched: LaunchedDriver, facts: DriverFacts, streams: DriverStreams) {
    this.driver = launched.driver;
    this.facts = facts;
    this.pid = launched.plugin.pid;
    this.#launched = launched;
    this.#streams = streams;
    void launched.plugin.exited.then(({ code, signal }) => {
      this.#ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
    });
  }

  /** Launches and configures a plugin; rejects with `driver-unhealthy` and the driver's own words, leaving no process. */
  static async start(options: LiveDriverOptions, signal: AbortSignal): Promise<LiveDriver> {
    const launched = await options.launch({ onLog: options.onLog, signal });
    const streams = new DriverStreams(launched.driver, options);
    try {
      const info = await configureDriver(launched.driver, { body: options.pluginConfig, node: options.node, signal });
      const fingerprint = await streams.firstFingerprint(signal);
      if (fingerprint.health !== "healthy") throw new RunError("driver-unhealthy", describeHealth(info, fingerprint));
      const capabilities = await launched.driver.capabilities(signal);
      const taskSchema = await launched.driver.taskConfigSchema(signal);
      return new LiveDriver(launched, { info, capabilities, taskSchema, fingerprint }, streams);
    } catch (error) {
      await streams.end();
      await launched[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How the process ended, once it has, within `withinMs`; undefined while it lives. */
  async waitEnding(withinMs: number): Promise<string | undefined> {
    await Promise.race([this.#launched.plugin.exited, waitAborted(AbortSignal.timeout(withinMs))]);
    return this.#ending;
  }

  /** Ends the plugin as a stopping agent does: streams cancelled, Shutdown, then the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#streams.end();
    // Best effort, as in Nomad: the process is ended next, whatever it answers.
    if (this.#ending === undefined) await this.driver.shutdown(AbortSignal.timeout(shutdownTimeoutMs)).catch(() => undefined);
    await this.#launched[Symbol.asyncDispose]();
  }
}

function describeHealth({ name }: PluginInfo, { health, healthDescription }: Fingerprint): string {
  return `driver ${JSON.stringify(name)} is ${health}: ${healthDescription === "" ? "it gives no reason" : healthDescription}`;
}

/** The two streams that stay open as long as the plugin lives. */
class DriverStreams {
  readonly #closing = new AbortController();
  readonly #first = Promise.withResolvers<Fingerprint>();
  readonly #driver: TaskDriver;
  readonly #options: LiveDriverOptions;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(driver: TaskDriver, options: LiveDriverOptions) {
    this.#driver = driver;
    this.#options = options;
    // Without a waiter a failed first fingerprint would count as unhandled.
    this.#first.promise.catch(() => undefined);
  }

  /** Opens both streams and waits for the first fingerprint. */
  async firstFingerprint(signal: AbortSignal): Promise<Fingerprint> {
    this.#loops = Promise.all([this.#followFingerprints(), this.#followEvents()]);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(fingerprintTimeoutMs)]);
    const stop = (): void => this.#first.reject(limit.reason);
    if (limit.aborted) stop();
    limit.addEventListener("abort", stop, { once: true });
    try {
      return await this.#first.promise;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new RunError("plugin-failed", `the plugin sent no fingerprint: ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      limit.removeEventListener("abort", stop);
    }
  }

  async end(): Promise<void> {
    this.#closing.abort();
    await this.#loops;
  }

  async #followFingerprints(): Promise<void> {
    let known: string | undefined;
    try {
      for await (const fingerprint of this.#driver.fingerprint(this.#closing.signal)) {
        this.#first.resolve(fingerprint);
        const told = `${fingerprint.health} ${fingerprint.healthDescription}`;
        if (known !== undefined && known !== told) this.#options.onHealth(fingerprint);
        known = told;
      }
      this.#first.reject(new Error("the stream ended"));
    } catch (error) {
      // After the first one a broken stream means a broken plugin, which the tasks' waits notice.
      this.#first.reject(error);
    }
  }

  async #followEvents(): Promise<void> {
    try {
      for await (const event of this.#driver.taskEvents(this.#closing.signal)) this.#options.onTaskEvent(event);
    } catch {
      // As above: events are a comfort, and their loss alone ends no run.
    }
  }
}
