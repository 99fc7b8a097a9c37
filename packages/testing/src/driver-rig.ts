import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  encodeMsgpack,
  launchDriver,
  type HclValue,
  type LaunchedDriver,
  type StartedTask,
  type TaskConfig,
  type TaskDriver,
  type TaskHandle,
  type TaskResources,
} from "@driver/nomad-plugin";
import { hasControllers } from "./host-facts.ts";
import { LogReader } from "./log-reader.ts";
import { plainTask } from "./plain-task.ts";
import { testSetting } from "./test-setting.ts";

const run = promisify(execFile);

export interface RigOptions {
  /** Added to the plugin config; the socket is set already. */
  readonly pluginConfig?: Readonly<Record<string, HclValue>>;
  /** Default: the built executable of this test run. */
  readonly command?: string;
  /** Added to the plugin's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface TaskWishes {
  /** The task's `config` block; the image is set already. */
  readonly config?: Readonly<Record<string, HclValue>>;
  readonly name?: string;
  readonly allocId?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly resources?: Partial<TaskResources>;
  readonly more?: Partial<TaskConfig>;
}

/** A task as Nomad would hand it over, with its folders made and its logs read. */
export interface RiggedTask {
  readonly config: TaskConfig;
  readonly stdout: LogReader;
  readonly stderr: LogReader;
}

/**
 * The built plugin, launched over gRPC as Nomad launches it, on the engine of this test run. Disposing it destroys the
 * tasks it was asked for, ends the plugin and removes the folders.
 */
export class DriverRig implements AsyncDisposable {
  readonly root: string;
  #launched: LaunchedDriver;
  readonly #options: RigOptions;
  readonly #logLines: string[];
  readonly #tasks: RiggedTask[] = [];
  readonly #handles = new Map<RiggedTask, TaskHandle>();

  private constructor(root: string, launched: LaunchedDriver, options: RigOptions, logLines: string[]) {
    this.root = root;
    this.#launched = launched;
    this.#options = options;
    this.#logLines = logLines;
  }

  static async start(options: RigOptions = {}): Promise<DriverRig> {
    const root = await mkdtemp(join(testSetting("TEST_SCRATCH"), "rig-"));
    await chmod(root, 0o711);
    const logLines: string[] = [];
    return new DriverRig(root, await launch(options, logLines), options, logLines);
  }

  get driver(): TaskDriver {
    return this.#launched.driver;
  }

  get pluginPid(): number {
    return this.#launched.plugin.pid;
  }

  /** What the plugin has logged so far. */
  get log(): string {
    return this.#logLines.join("\n");
  }

  /** Kills the plugin without a word and launches another, as the agent does; tasks are not recovered yet. */
  async crash(): Promise<void> {
    process.kill(this.pluginPid, "SIGKILL");
    await this.#launched.plugin.exited;
    this.#launched = await launch(this.#options, this.#logLines);
  }

  /** Makes a task's folders, FIFOs and readers; nothing is started. */
  async prepare(wishes: TaskWishes = {}): Promise<RiggedTask> {
    const name = wishes.name ?? "task";
    const allocId = wishes.allocId ?? randomUUID();
    const allocDir = join(this.root, allocId);
    await makeFolders(allocDir, name);
    const logs = join(allocDir, "alloc", "logs");
    const [stdoutPath, stderrPath] = [join(logs, `.${name}.stdout.fifo`), join(logs, `.${name}.stderr.fifo`)];
    await run("mkfifo", ["-m", "600", stdoutPath, stderrPath]);
    const task = {
      config: toTaskConfig({ ...wishes, name, allocId }, { allocDir, stdoutPath, stderrPath }),
      stdout: await LogReader.open(stdoutPath),
      stderr: await LogReader.open(stderrPath),
    };
    this.#tasks.push(task);
    return task;
  }

  /** Prepares and starts a task that runs `script` in a shell. */
  async runScript(script: string, wishes: TaskWishes = {}): Promise<RiggedTask> {
    const task = await this.prepare({ ...wishes, config: { command: "sh", args: ["-c", script], ...wishes.config } });
    await this.startTask(task);
    return task;
  }

  /** As the method of that name does, with a plugin of its own. */
  static async outputOf(script: string, wishes: TaskWishes = {}): Promise<string> {
    await using rig = await DriverRig.start();
    return await rig.outputOf(script, wishes);
  }

  /** Runs `script` in a shell as a task of its own. Settles with what it has written to stdout. */
  async outputOf(script: string, wishes: TaskWishes = {}): Promise<string> {
    return await this.finish(await this.runScript(script, wishes));
  }

  /** Waits for the end of a task that was started. Settles with what it has written to stdout. */
  async finish(task: RiggedTask): Promise<string> {
    await this.driver.waitTask(task.config.id, AbortSignal.timeout(60_000));
    return (await task.stdout.whole()).toString();
  }

  /** Starts a prepared task and keeps its handle, as Nomad does. */
  async startTask(task: RiggedTask): Promise<StartedTask> {
    const started = await this.driver.startTask(task.config, AbortSignal.timeout(60_000));
    this.#handles.set(task, started.handle);
    return started;
  }

  /** The handle that Nomad would have stored; after an agent restart it comes back without the driver config. */
  handleOf(task: RiggedTask): TaskHandle {
    const handle = this.#handles.get(task);
    if (handle === undefined) throw new Error("the task was not started by this rig");
    return { ...handle, config: { ...handle.config, driverConfig: new Uint8Array() } };
  }

  async recover(task: RiggedTask): Promise<void> {
    await this.driver.recoverTask(this.handleOf(task), AbortSignal.timeout(60_000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const task of this.#tasks) {
      await this.driver.destroyTask(task.config.id, { force: true }, AbortSignal.timeout(60_000)).catch(() => undefined);
      await Promise.all([task.stdout.close(), task.stderr.close()]);
    }
    await this.#launched[Symbol.asyncDispose]();
    await rm(this.root, { recursive: true, force: true });
  }
}

async function launch(options: RigOptions, logLines: string[]): Promise<LaunchedDriver> {
  const launched = await launchDriver({
    command: options.command ?? testSetting("TEST_PLUGIN"),
    env: { ...process.env, ...options.env },
    onLog: (entry) => logLines.push(`${entry.level} ${entry.message} ${JSON.stringify(entry.fields)}`),
    signal: AbortSignal.timeout(60_000),
  });
  const config = { socket_path: `unix://${testSetting("TEST_PODMAN_SOCKET")}`, ...options.pluginConfig };
  const client = { minPort: 14_000, maxPort: 14_512, topology: { coreCount: 2, totalComputeMhz: 4000 } };
  try {
    await launched.driver.setConfig({ msgpack: encodeMsgpack(config), client, apiVersion: "v0.1.0" }, AbortSignal.timeout(60_000));
    return launched;
  } catch (error) {
    await launched[Symbol.asyncDispose]();
    throw error;
  }
}

async function makeFolders(allocDir: string, taskName: string): Promise<void> {
  const open = ["alloc/data", "alloc/logs", "alloc/tmp", `${taskName}/local`, `${taskName}/secrets`, `${taskName}/tmp`];
  for (const folder of open) {
    await mkdir(join(allocDir, folder), { recursive: true });
    await chmod(join(allocDir, folder), 0o777);
  }
  await chmod(join(allocDir, "alloc"), 0o777);
}

function toTaskConfig(
  wishes: TaskWishes & { readonly name: string; readonly allocId: string },
  paths: Pick<TaskConfig, "allocDir" | "stdoutPath" | "stderrPath">,
): TaskConfig {
  const { name, allocId } = wishes;
  const plain = plainTask({ name, allocId, jobName: "rig", jobId: "rig", parentJobId: "", ...paths });
  return {
    ...plain,
    id: `${allocId}/${name}/${randomBytes(4).toString("hex")}`,
    nodeId: "00000000-0000-0000-0000-000000000001",
    user: wishes.user ?? "",
    env: { NOMAD_ALLOC_DIR: "/alloc", NOMAD_TASK_DIR: "/local", NOMAD_SECRETS_DIR: "/secrets", ...wishes.env },
    resources: { ...plain.resources, ...withoutLimits(), ...wishes.resources },
    driverConfig: encodeMsgpack({ image: testSetting("TEST_IMAGE"), network_mode: "none", ...wishes.config }),
    ...wishes.more,
  };
}

/** Where the world has no controllers of cgroups, a task that asks for limits cannot start. */
function withoutLimits(): Partial<TaskResources> {
  return hasControllers() ? {} : { memoryMb: 0, cpuShares: 0 };
}
