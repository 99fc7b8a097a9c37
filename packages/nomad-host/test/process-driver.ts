import { spawn } from "node:child_process";
import { once as onceEvent } from "node:events";
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";

import type { ExecOutput, Fingerprint, TaskConfig, TaskDriver, TaskEvent, TaskHandle, WaitResult } from "@driver/nomad-plugin";
import { attr, configSchema, DriverError, taskNotFound } from "@driver/nomad-plugin";

const pluginSchema = configSchema(
  { health: attr.string({ help: "makes the driver unhealthy, with this text" }) },
  { title: "plugin config", whenEmpty: "defaults" },
);
const taskSchema = configSchema(
  { script: attr.string({ help: "shell script", required: true }) },
  { title: "task config", whenEmpty: "error" },
);

interface Life {
  readonly config: TaskConfig;
  readonly pid: number;
  readonly result: Promise<WaitResult>;
}

/**
 * A small driver for tests: a task is a shell script on the host, in a process group of its own, that outlives the
 * driver. A wrapper leaves the exit code in a file, which is how a recovered task is waited for. With `writesLogFiles`
 * it leaves Nomad's FIFOs alone and writes log files, a new pair for each start.
 */
export function createProcessDriver(options: { readonly writesLogFiles?: boolean } = {}): TaskDriver {
  const writesLogFiles = options.writesLogFiles ?? false;
  const lives = new Map<string, Life>();
  let health: string | undefined;

  const life = (taskId: string): Life => {
    const known = lives.get(taskId);
    if (known === undefined) throw taskNotFound(taskId);
    return known;
  };

  return {
    pluginInfo: () => Promise.resolve({ name: "process", version: "1.0.0", type: "driver", apiVersions: ["v0.1.0"] }),
    configSchema: () => Promise.resolve(pluginSchema.spec),
    async setConfig({ msgpack }) {
      health = msgpack.length === 0 ? undefined : pluginSchema.decode(msgpack).health;
    },
    taskConfigSchema: () => Promise.resolve(taskSchema.spec),
    capabilities: () =>
      Promise.resolve({
        sendSignals: true,
        exec: false,
        fsIsolation: "image",
        networkIsolationModes: ["host"],
        mustCreateNetwork: false,
        acceptsMounts: false,
        disableLogCollection: writesLogFiles,
        dynamicWorkloadUsers: false,
      }),
    fingerprint: (signal) => once(signal, toFingerprint(health)),
    taskEvents: (signal) => once<TaskEvent>(signal),
    async startTask(config) {
      const { script } = taskSchema.decode(config.driverConfig);
      if (script === "refuse") throw new DriverError("failed", "start refused as asked");
      if (script === "hiccup") throw new DriverError("failed", "start refused for now", { recoverable: true });
      const pid = startProcess(config, { script, output: writesLogFiles ? openLogFiles(config) : openFifos(config) });
      // A signal that comes before the script would be lost.
      while (childrenOf(pid).length === 0 && !existsSync(statusPath(config))) await setImmediate();
      lives.set(config.id, { config, pid, result: waitStatus(config) });
      const handle: TaskHandle = { version: 1, config, state: "running", driverState: Buffer.from(String(pid)) };
      return { handle };
    },
    async recoverTask({ config, driverState }) {
      lives.set(config.id, { config, pid: Number(Buffer.from(driverState).toString()), result: waitStatus(config) });
    },
    waitTask: async (taskId) => life(taskId).result,
    async stopTask(taskId, { timeoutMs, killSignal }, signal) {
      const { pid, result } = life(taskId);
      sendSignal(pid, killSignal === "" ? "SIGTERM" : killSignal);
      const timer = setTimeout(() => sendSignal(pid, "SIGKILL"), timeoutMs);
      const hangUp = new Promise<never>((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
      await Promise.race([result, hangUp]).finally(() => clearTimeout(timer));
    },
    async destroyTask(taskId) {
      const { pid, result } = life(taskId);
      sendSignal(pid, "SIGKILL");
      await result;
      lives.delete(taskId);
    },
    inspectTask: () => Promise.reject(unsupported("InspectTask")),
    taskStats: () => {
      throw unsupported("TaskStats");
    },
    signalTask: async (taskId, signalName) => sendSignal(life(taskId).pid, signalName),
    execTask: async (taskId, { command }, signal) => exec(life(taskId).config, command, signal),
    execTaskStreaming: () => {
      throw unsupported("ExecTaskStreaming");
    },
    createNetwork: () => Promise.reject(unsupported("CreateNetwork")),
    destroyNetwork: () => Promise.reject(unsupported("DestroyNetwork")),
    init: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

/** Runs a command where the task runs. */
async function exec(config: TaskConfig, [program = "", ...args]: readonly string[], signal: AbortSignal): Promise<ExecOutput> {
  const env = { PATH: process.env["PATH"], ...config.env };
  const child = spawn(program, args, { cwd: join(config.allocDir, config.name), env, signal });
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr), onceEvent(child, "close")]);
  return { stdout, stderr, result: { exitCode: child.exitCode ?? -1, signal: 0, oomKilled: false } };
}

function unsupported(call: string): DriverError {
  return new DriverError("unsupported", `${call} is not supported by this driver`);
}

function toFingerprint(health: string | undefined): Fingerprint {
  const attributes = { "driver.process.shell": "sh" };
  return health === undefined
    ? { health: "healthy", healthDescription: "Healthy", attributes }
    : { health: "unhealthy", healthDescription: health, attributes };
}

/** Yields `first`, if any, and then stays open until `signal`. */
async function* once<T>(signal: AbortSignal, ...first: T[]): AsyncGenerator<T> {
  yield* first;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

function statusPath(config: TaskConfig): string {
  return join(config.allocDir, config.name, "tmp", `status-${config.id.slice(-8)}`);
}

/** The wrapper outlives the script's signals, and writes down how it ended; all by itself, since its children get the signals. */
const wrapper = `trap : TERM INT USR1
sh -c "$1" & pid=$!
wait $pid; code=$?
while kill -0 $pid 2>/dev/null; do wait $pid; code=$?; done
exec >/dev/null 2>&1
echo "$code" > "$2"`;

/** Descriptors of stdout and stderr. */
type OutputFiles = readonly [stdout: number, stderr: number];

function openFifos({ stdoutPath, stderrPath }: TaskConfig): OutputFiles {
  return [openSync(stdoutPath, constants.O_WRONLY), openSync(stderrPath, constants.O_WRONLY)];
}

function openLogFiles({ name, stdoutPath }: TaskConfig): OutputFiles {
  const folder = dirname(stdoutPath);
  const number = readdirSync(folder).filter((file) => file.startsWith(`${name}.stdout.`)).length;
  return [openSync(join(folder, `${name}.stdout.${number}`), "a"), openSync(join(folder, `${name}.stderr.${number}`), "a")];
}

function startProcess(config: TaskConfig, { script, output }: { readonly script: string; readonly output: OutputFiles }): number {
  const child = spawn("sh", ["-c", wrapper, "task", script, statusPath(config)], {
    cwd: join(config.allocDir, config.name),
    env: { PATH: process.env["PATH"], ...config.env },
    stdio: ["ignore", ...output],
    detached: true,
  });
  child.unref();
  for (const descriptor of output) closeSync(descriptor);
  return child.pid ?? 0;
}

/** The wrapper must live to tell the exit code, also after SIGKILL: its child is what gets the signal. */
function sendSignal(pid: number, name: string): void {
  for (const child of childrenOf(pid)) {
    try {
      process.kill(child, name);
    } catch {
      // It ended by itself in this moment.
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text
      .split(" ")
      .filter((child) => child !== "")
      .map(Number);
  } catch {
    // The wrapper is gone, and its children with it.
    return [];
  }
}

async function waitStatus(config: TaskConfig): Promise<WaitResult> {
  const path = statusPath(config);
  const watcher = watch(dirname(path));
  const appeared = new Promise<void>((resolve) => watcher.on("change", () => (readStatus(path) === undefined ? undefined : resolve())));
  if (readStatus(path) === undefined) await appeared;
  watcher.close();
  const code = readStatus(path) ?? -1;
  return code > 128 ? { exitCode: 0, signal: code - 128, oomKilled: false } : { exitCode: code, signal: 0, oomKilled: false };
}

/** Undefined until the whole line is there. */
function readStatus(path: string): number | undefined {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  return text.endsWith("\n") ? Number(text) : undefined;
}
