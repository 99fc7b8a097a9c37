/** A whole Nomad task driver: it runs a program of the host and waits for it. Start it through Nomad's plugin_dir. */
import { BaseDriver, DriverError, attr, configSchema, createPluginLogger, serveDriver, taskNotFound } from "@driver/nomad-plugin";
import type { StartedTask, TaskConfig, TaskHandle, WaitResult } from "@driver/nomad-plugin";
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { constants } from "node:os";

const schema = configSchema(
  { command: attr.string({ help: "Program to run.", required: true }), args: attr.list("string", { help: "Its arguments." }) },
  { title: "task config", whenEmpty: "error" },
);

class ProcessDriver extends BaseDriver {
  readonly #tasks = new Map<string, { readonly exit: Promise<WaitResult>; readonly kill: (signal: NodeJS.Signals) => void }>();

  async pluginInfo() {
    return { type: "driver", name: "process", version: "0.1.0", apiVersions: ["v0.1.0"] } as const;
  }
  async taskConfigSchema() {
    return schema.spec;
  }
  async startTask(config: TaskConfig): Promise<StartedTask> {
    if (this.#tasks.has(config.id)) throw new DriverError("task-state", `task with ID "${config.id}" already started`);
    const { command, args } = schema.decode(config.driverConfig);
    await using stdout = await open(config.stdoutPath, "a");
    await using stderr = await open(config.stderrPath, "a");
    const child = spawn(command, args, { env: config.env, stdio: ["ignore", stdout.fd, stderr.fd] });
    const exit = new Promise<WaitResult>((resolve) => {
      child.once("exit", (code, signal) =>
        resolve({ exitCode: code ?? 0, signal: signal ? constants.signals[signal] : 0, oomKilled: false }),
      );
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    this.#tasks.set(config.id, { exit, kill: (signal) => child.kill(signal) });
    return { handle: { version: 1, config, state: "running", driverState: new Uint8Array() } };
  }
  async recoverTask({ config }: TaskHandle) {
    this.#task(config.id);
  }
  async waitTask(taskId: string) {
    return this.#task(taskId).exit;
  }
  async stopTask(taskId: string, { timeoutMs }: { readonly timeoutMs: number }) {
    const { exit, kill } = this.#task(taskId);
    const timer = setTimeout(() => kill("SIGKILL"), timeoutMs);
    kill("SIGTERM");
    await exit.finally(() => clearTimeout(timer));
  }
  async destroyTask(taskId: string) {
    this.#task(taskId).kill("SIGKILL");
    this.#tasks.delete(taskId);
  }
  #task(taskId: string) {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw taskNotFound(taskId);
    return task;
  }
}

process.exit(await serveDriver(new ProcessDriver(), { logger: createPluginLogger({ name: "process" }) }));
