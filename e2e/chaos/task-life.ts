import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { DriverError, encodeMsgpack, type TaskConfig, type TaskHandle, type WaitResult } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { plainTask, testSetting } from "@driver/testing";
import type { Agent, Incarnation } from "./agent.ts";
import { LogmonReader } from "./logmon-reader.ts";
import type { Stream, TaskScript } from "./task-script.ts";

const run = promisify(execFile);

export const chaosNodeId = "00000000-0000-4000-8000-00000000c4a5";
const taskName = "task";
/** Longer than every deadline of the driver together. */
const callTimeoutMs = 90_000;
const stopTries = 5;

export interface LifeWishes {
  readonly script: TaskScript;
  /** Existing folder that the allocation is made in. */
  readonly parent: string;
  /** Undefined: it is waited for. */
  readonly stopAfterMs: number | undefined;
  readonly stopTimeoutMs: number;
}

export interface LifeReport {
  readonly allocId: string;
  readonly script: TaskScript;
  readonly result: WaitResult | undefined;
  /** What went wrong with the driver's answers, if anything did. */
  readonly failure: string | undefined;
  readonly logs: Readonly<Record<Stream, Buffer>>;
  /** Last number that an endless script has noted. */
  readonly printed: number;
  readonly startTries: number;
  readonly destroyError: string | undefined;
  /** When WaitTask settled (monotonic); undefined: it failed. */
  readonly endedWaitMs: number | undefined;
  /** Incarnations of the plugin that this life has seen end. */
  readonly pluginKills: number;
}

/** Lives one task's life as Nomad's task runner does: start, wait, perhaps stop, destroy; over deaths of the plugin too. */
export class TaskLife {
  readonly allocId = randomUUID();
  readonly #agent: Agent;
  readonly #wishes: LifeWishes;
  readonly #allocDir: string;
  #handle: TaskHandle | undefined;
  #startTries = 0;
  #doing = "prepare";
  #endedWaitMs: number | undefined;
  #recovered: { readonly plugin: Incarnation; readonly done: Promise<void> } | undefined;

  constructor(agent: Agent, wishes: LifeWishes) {
    this.#agent = agent;
    this.#wishes = wishes;
    this.#allocDir = join(wishes.parent, this.allocId);
  }

  get allocDir(): string {
    return this.#allocDir;
  }

  /** True once StartTask has succeeded. */
  get isStarted(): boolean {
    return this.#handle !== undefined;
  }

  /** What it is at, for the log. */
  get doing(): string {
    return `${this.allocId.slice(0, 8)} ${this.#wishes.script.kind}: ${this.#doing}`;
  }

  async live(): Promise<LifeReport> {
    const { script } = this.#wishes;
    const readers = await this.#prepare();
    const firstPlugin = (await this.#agent.current()).number;
    let [result, failure, destroyError]: [WaitResult | undefined, string | undefined, string | undefined] = [
      undefined,
      undefined,
      undefined,
    ];
    try {
      this.#doing = "start";
      await this.#start();
      this.#doing = "wait";
      const waiting = this.#wait();
      const stopping = this.#stop();
      [result] = await Promise.all([waiting, stopping]);
    } catch (error) {
      failure = messageOf(error);
    }
    this.#doing = "destroy";
    destroyError = await this.#destroy();
    // Behind the destroy: one that is killed in the middle of it is asked again of the next plugin, which may repeat output too.
    const pluginKills = (await this.#agent.current()).number - firstPlugin;
    this.#doing = "collect";
    const logs = { stdout: await this.#wholeLog("stdout", readers.stdout), stderr: await this.#wholeLog("stderr", readers.stderr) };
    const noted = await readFile(join(this.#allocDir, "alloc/printed"), "utf8").catch(() => "");
    const printed = Number(noted.split("\n").at(-2) ?? 0);
    await rm(this.#allocDir, { recursive: true, force: true });
    return {
      allocId: this.allocId,
      script,
      result,
      failure,
      logs,
      printed,
      startTries: this.#startTries,
      destroyError,
      endedWaitMs: this.#endedWaitMs,
      pluginKills,
    };
  }

  async #prepare(): Promise<Readonly<Record<Stream, LogmonReader>>> {
    for (const folder of ["alloc/data", "alloc/logs", "alloc/tmp", `${taskName}/local`, `${taskName}/secrets`, `${taskName}/tmp`]) {
      await mkdir(join(this.#allocDir, folder), { recursive: true });
      await chmod(join(this.#allocDir, folder), 0o777);
    }
    await chmod(join(this.#allocDir, "alloc"), 0o777);
    const [stdout, stderr] = [this.#fifo("stdout"), this.#fifo("stderr")];
    await run("mkfifo", ["-m", "600", stdout, stderr]);
    return { stdout: new LogmonReader(stdout), stderr: new LogmonReader(stderr) };
  }

  #fifo(stream: Stream): string {
    return join(this.#allocDir, "alloc/logs", `.${taskName}.${stream}.fifo`);
  }

  #config(): TaskConfig {
    const driverConfig = { image: testSetting("TEST_IMAGE"), network_mode: "none", command: "sh", args: ["-c", this.#wishes.script.text] };
    return plainTask({
      id: `${this.allocId}/${taskName}/${randomBytes(4).toString("hex")}`,
      name: taskName,
      allocId: this.allocId,
      nodeId: chaosNodeId,
      allocDir: this.#allocDir,
      stdoutPath: this.#fifo("stdout"),
      stderrPath: this.#fifo("stderr"),
      env: { NOMAD_ALLOC_DIR: "/alloc" },
      driverConfig: encodeMsgpack(driverConfig),
    });
  }

  /** Nomad starts again with the same id when the plugin dies, and with a new one after an error that may pass. */
  async #start(): Promise<void> {
    for (let config = this.#config(); ; ) {
      const plugin = await this.#agent.current();
      this.#startTries += 1;
      try {
        const started = await plugin.driver.startTask(config, AbortSignal.timeout(callTimeoutMs));
        this.#handle = started.handle;
        this.#recovered = { plugin, done: Promise.resolve() };
        return;
      } catch (error) {
        if (await hasGone(plugin)) continue;
        if (!(error instanceof DriverError) || !error.recoverable || this.#startTries > 20) throw error;
        await sleep(300);
        config = this.#config();
      }
    }
  }

  async #wait(): Promise<WaitResult> {
    for (;;) {
      const plugin = await this.#withTask();
      try {
        const result = await plugin.driver.waitTask(this.#taskId, AbortSignal.timeout(callTimeoutMs));
        this.#endedWaitMs = performance.now();
        return result;
      } catch (error) {
        if (!(await hasGone(plugin))) throw error;
      }
    }
  }

  async #stop(): Promise<void> {
    const { stopAfterMs, stopTimeoutMs } = this.#wishes;
    if (stopAfterMs === undefined) return;
    await sleep(stopAfterMs);
    for (let tries = 1; ; tries += 1) {
      const plugin = await this.#withTask();
      try {
        return await plugin.driver.stopTask(this.#taskId, { timeoutMs: stopTimeoutMs, killSignal: "" }, AbortSignal.timeout(callTimeoutMs));
      } catch (error) {
        if (await hasGone(plugin)) tries = 0;
        else if (tries >= stopTries) throw error;
        await sleep(500);
      }
    }
  }

  /** As Nomad does it: once, and whatever comes of it. */
  async #destroy(): Promise<string | undefined> {
    if (this.#handle === undefined) return undefined;
    try {
      const plugin = await this.#agent.current();
      await plugin.driver.destroyTask(this.#taskId, { force: true }, AbortSignal.timeout(callTimeoutMs));
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  get #taskId(): string {
    if (this.#handle === undefined) throw new Error("the task was not started");
    return this.#handle.config.id;
  }

  /** The present plugin, once it has this task. */
  async #withTask(): Promise<Incarnation> {
    for (;;) {
      const plugin = await this.#agent.current();
      if (this.#recovered?.plugin.number !== plugin.number) this.#recovered = { plugin, done: this.#recover(plugin) };
      try {
        await this.#recovered.done;
        return plugin;
      } catch (error) {
        if (!(await hasGone(plugin))) throw error;
      }
    }
  }

  /** Nomad hands back what it has stored, which is without the driver's config. */
  async #recover(plugin: Incarnation): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new Error("the task was not started");
    await plugin.driver.recoverTask(
      { ...handle, config: { ...handle.config, driverConfig: new Uint8Array() } },
      AbortSignal.timeout(callTimeoutMs),
    );
  }

  async #wholeLog(stream: Stream, reader: LogmonReader): Promise<Buffer> {
    const fromFifo = await reader.close();
    const folder = join(this.#allocDir, "alloc/logs");
    const names = await readdir(folder);
    const indexes = names
      .map((name) => new RegExp(`^${taskName}\\.${stream}\\.(\\d+)$`).exec(name)?.[1])
      .filter((index) => index !== undefined);
    const files = indexes.map(Number).toSorted((a, b) => a - b);
    return Buffer.concat([
      fromFifo,
      ...(await Promise.all(files.map((index) => readFile(join(folder, `${taskName}.${stream}.${index}`))))),
    ]);
  }
}

/** Whether a call failed because its plugin died; the news of that may be a little later than the broken call. */
export async function hasGone(plugin: Incarnation): Promise<boolean> {
  return Promise.race([plugin.gone.then(() => true), sleep(500, false)]);
}
