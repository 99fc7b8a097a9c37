import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMsgpack, type HclValue, type Logger, type TaskConfig, type TaskEvent, type TaskHandle } from "@driver/nomad-plugin";
import { FakePodman, HostFixture, type FakeContainer, LogReader, plainTask, RecordedEvents, type ScriptedFault } from "@driver/testing";
import { DriverServices } from "../src/driver-services.ts";
import { PodmanDriver } from "../src/driver.ts";

const image = "localhost/busybox:1";

/** An answer of the fake with Podman's form of an error. */
export function podmanError(status: number, message: string): ScriptedFault {
  return { kind: "answer", status, body: JSON.stringify({ cause: message, message, response: status }) };
}

export interface FakeTask {
  readonly config: TaskConfig;
  readonly stdout: LogReader;
}

/**
 * The driver in this process on a fake Podman, on a host that shows it no processes. Its log and its events are
 * captured. Disposing it fails when the fake still has connections.
 */
export class FakeRig implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "fake-rig-"));
  readonly podman: FakePodman;
  readonly host = new HostFixture();
  readonly logLines: string[] = [];
  driver: PodmanDriver;
  readonly #pluginConfig: Readonly<Record<string, HclValue>>;
  /** Of each driver, one after the other. */
  readonly #recorded: RecordedEvents[] = [];
  readonly #readers: LogReader[] = [];

  private constructor(podman: FakePodman, pluginConfig: Readonly<Record<string, HclValue>>) {
    this.podman = podman;
    this.#pluginConfig = pluginConfig;
    this.driver = this.#makeDriver();
  }

  /** `pluginConfig` is added to the socket and a `client_http_timeout` that is no reason to fail on a busy machine. */
  static async start(pluginConfig: Readonly<Record<string, HclValue>> = {}): Promise<FakeRig> {
    const podman = await FakePodman.start([image]);
    const rig = new FakeRig(podman, { socket_path: podman.socketPath, client_http_timeout: "30s", ...pluginConfig });
    await rig.#configure();
    return rig;
  }

  prepare(config: Readonly<Record<string, HclValue>> = {}, more: Partial<TaskConfig> = {}): Promise<FakeTask> {
    return this.#prepare({ image, network_mode: "none", ...config }, more);
  }

  /** Prepares and starts a task that runs `script`, as far as the fake knows shell. */
  async runScript(script: string): Promise<FakeTask & { readonly handle: TaskHandle }> {
    const task = await this.prepare({ command: "sh", args: ["-c", script] });
    const { handle } = await this.driver.startTask(task.config, AbortSignal.timeout(60_000));
    return { ...task, handle };
  }

  /** Gives the fake's only container a real process, and the driver's host a /proc that shows it there, as `userId`'s. */
  async embody({ userId }: { readonly userId?: number } = {}): Promise<{
    readonly container: FakeContainer;
    readonly child: ChildProcess;
  }> {
    const container = this.podman.containers[0] ?? assert.fail("there is no container");
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    container.pid = child.pid ?? 0;
    const whose = userId !== undefined && { userId };
    this.host.addProcess({ pid: container.pid, cgroups: [`4:memory:/libpod_parent/libpod-${container.id}`], ...whose });
    // conmon: one pid further, as the fake has it.
    this.host.addProcess({ pid: container.pid + 1, args: ["conmon", "-c", container.id], ...whose });
    return { container, child };
  }

  /** The driver lets go of everything, and another takes its place, as when Nomad starts the plugin again. */
  async replaceDriver(): Promise<void> {
    await this.driver.close();
    this.driver = this.#makeDriver();
    await this.#configure();
  }

  get events(): readonly TaskEvent[] {
    return this.#recorded.flatMap(({ all }) => all);
  }

  /** All that has left the driver as text. */
  get spoken(): string {
    return [...this.logLines, ...this.events.map((event) => JSON.stringify(event))].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const recorded of this.#recorded) await recorded[Symbol.asyncDispose]();
    await this.driver.close();
    await Promise.all(this.#readers.map((reader) => reader.close()));
    await this.podman[Symbol.asyncDispose]();
    this.host[Symbol.dispose]();
    rmSync(this.root, { recursive: true, force: true });
  }

  #makeDriver(): PodmanDriver {
    const logger: Logger = {
      ...(Object.fromEntries(
        ["trace", "debug", "info", "warn", "error"].map((level) => [
          level,
          (text: string, fields?: object) => void this.logLines.push(`${level} ${text} ${JSON.stringify(fields ?? {})}`),
        ]),
      ) as Pick<Logger, "trace" | "debug" | "info" | "warn" | "error">),
      named: () => logger,
      with: () => logger,
    };
    const healthIntervals = { healthyMs: 20, firstRetryMs: 20, seenReturnMs: 20, unseenReturnMs: 20, restingMs: 20, probeTimeoutMs: 5000 };
    const driver = new PodmanDriver({ logger, version: "0.0.0", uid: 0, services: new DriverServices(logger, this.host), healthIntervals });
    this.#recorded.push(new RecordedEvents(driver));
    return driver;
  }

  async #configure(): Promise<void> {
    await this.driver.setConfig({ msgpack: encodeMsgpack(this.#pluginConfig), apiVersion: "v0.1.0" });
  }

  async #prepare(config: Readonly<Record<string, HclValue>>, more: Partial<TaskConfig>): Promise<FakeTask> {
    const allocId = randomUUID();
    const allocDir = join(this.root, allocId);
    for (const folder of ["alloc/logs", "task/local", "task/secrets"]) mkdirSync(join(allocDir, folder), { recursive: true });
    const stdoutPath = join(allocDir, "alloc/logs/.task.stdout.fifo");
    execFileSync("mkfifo", [stdoutPath]);
    const stdout = await LogReader.open(stdoutPath);
    this.#readers.push(stdout);
    const names = {
      id: `${allocId}/task/${randomBytes(4).toString("hex")}`,
      name: "task",
      allocId,
      allocDir,
      stdoutPath,
      stderrPath: "/dev/null",
    };
    return { config: plainTask({ ...names, driverConfig: encodeMsgpack(config), ...more }), stdout };
  }
}
