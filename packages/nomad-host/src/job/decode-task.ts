import type { ConfigBody } from "@driver/nomad-plugin";
import { logFileDefaults, toSignalNumber } from "@driver/nomad-plugin";
import type { BlockReader } from "./block-reader.ts";
import { decodeArtifact } from "./decode-artifact.ts";
import { decodeRestart } from "./decode-restart.ts";
import { decodeService } from "./decode-service.ts";
import { decodeTemplate } from "./decode-template.ts";
import { decodeVolumeMount } from "./decode-volumes.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { RestartPolicy, Task, TaskLifecycle, TaskResources } from "./job.ts";
import type { logsKeys, resourcesKeys, taskKeys } from "./keys/task-keys.ts";

type TaskReader = BlockReader<typeof taskKeys>;

/** What a task has from what is around it. */
export interface TaskSetting {
  /** The policy of its group. */
  readonly restart: RestartPolicy;
  readonly jobName: string;
  readonly groupName: string;
  /** Whether what is around it has secrets, which its own texts may refer to. */
  readonly hasSecrets: boolean;
}

/** Decodes a `task` block. */
export function decodeTask(reader: TaskReader, { restart, jobName, groupName, hasSecrets }: TaskSetting): Task {
  const lifecycle = decodeLifecycle(reader);
  const taskName = reader.label;
  const place = { level: "task", defaultName: `${jobName}-${groupName}-${taskName}`, jobName, groupName, taskName } as const;
  return {
    name: decodeName(reader),
    driver: decodeDriver(reader),
    user: reader.get("user") ?? "",
    leader: reader.get("leader") ?? false,
    env: decodeEnv(reader),
    meta: reader.map("meta"),
    config: decodeConfig(reader),
    resources: decodeResources(reader.optionalBlock("resources")),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    restart: decodeRestart(reader.optionalBlock("restart"), restart),
    killTimeoutMs: decodeDelay(reader, "kill_timeout") ?? 5000,
    killSignal: decodeKillSignal(reader),
    shutdownDelayMs: decodeDelay(reader, "shutdown_delay") ?? 0,
    logs: decodeLogs(reader.optionalBlock("logs")),
    templates: reader.blocks("template").map(decodeTemplate),
    services: reader.blocks("service").map((service) => decodeService(service, place)),
    artifacts: reader.blocks("artifact").map(decodeArtifact),
    volumeMounts: reader
      .blocks("volume_mount")
      .map(decodeVolumeMount)
      .filter(({ volume }) => volume !== ""),
    hasSecrets: hasSecrets || reader.has("secret"),
    payloadFile: reader.optionalBlock("dispatch_payload")?.get("file") ?? "",
    position: reader.block.position,
  };
}

function decodeDelay(reader: TaskReader, name: "kill_timeout" | "shutdown_delay"): number | undefined {
  const delayMs = reader.get(name);
  if (delayMs !== undefined && delayMs < 0) reader.report(`argument ${name} in task "${reader.label}": must not be negative`, name);
  return delayMs;
}

/** The name becomes a folder of the allocation. */
function decodeName(reader: TaskReader): string {
  const name = reader.label;
  if (name === "" || name === "." || name === ".." || name === "alloc" || /[/\\]/.test(name) || hasControlCharacter(name)) {
    const problem = 'the name becomes a folder, so it must not be empty, ".", ".." or "alloc", nor hold a slash or control characters';
    reader.report(`task ${JSON.stringify(name)}: ${problem}`);
  }
  return name;
}

function decodeDriver(reader: TaskReader): string {
  const driver = reader.get("driver") ?? "";
  if (driver === "") reader.report(`task "${reader.label}": driver is missing, as in driver = "podman"`, "driver");
  return driver;
}

function decodeKillSignal(reader: TaskReader): string {
  const name = reader.get("kill_signal") ?? "";
  if (name === "" || toSignalNumber(name) !== undefined) return name;
  const given = JSON.stringify(name);
  reader.report(
    `argument kill_signal in task "${reader.label}": must be a signal such as "SIGTERM", "TERM" or "SIGRTMIN+3", not ${given}`,
    "kill_signal",
  );
  return "";
}

function decodeEnv(reader: TaskReader): Readonly<Record<string, string>> {
  const env = reader.map("env");
  const bad = Object.keys(env).find((name) => name === "" || /[=\0]/.test(name));
  if (bad !== undefined)
    reader.report(`env ${JSON.stringify(bad)} in task "${reader.label}": a variable's name must not be empty nor hold =`, "env");
  return env;
}

function decodeConfig(reader: TaskReader): ConfigBody {
  const config = reader.optionalBlock("config");
  return config?.block.body ?? { attributes: [], blocks: [], position: reader.block.position };
}

function decodeResources(reader: BlockReader<typeof resourcesKeys> | undefined): TaskResources {
  const cores = reader?.get("cores") ?? 0;
  // Whoever speaks of cores gets no other share by default (`nomad`).
  const cpuMhz = reader?.get("cpu") ?? (reader?.has("cores") === true ? 0 : 100);
  const memoryMb = reader?.get("memory") ?? 300;
  const memoryMaxMb = reader?.get("memory_max") ?? 0;
  if (cores > 0 && cpuMhz > 0) reader?.report("resources: cpu and cores exclude each other", "cores");
  if (reader !== undefined && cores === 0 && cpuMhz < 1 && !reader.hasFailed("cores") && !reader.hasFailed("cpu"))
    reader.report("resources: cpu must be at least 1, or cores", reader.has("cpu") ? "cpu" : "cores");
  if (reader !== undefined && memoryMaxMb > 0 && memoryMaxMb < memoryMb) {
    reader.report(`argument memory_max in resources: ${memoryMaxMb} is less than memory, ${memoryMb}`, "memory_max");
  }
  return { cpuMhz, ...(cores === 0 ? {} : { cores }), memoryMb, memoryMaxMb };
}

function decodeLifecycle(task: TaskReader): TaskLifecycle | undefined {
  const reader = task.optionalBlock("lifecycle");
  if (reader === undefined) return undefined;
  const hook = reader.get("hook");
  if (hook === undefined) {
    if (!reader.has("hook")) reader.report(`lifecycle in task "${task.label}": hook is missing: prestart, poststart or poststop`);
    return undefined;
  }
  const sidecar = reader.get("sidecar") ?? false;
  // Beside a poststop task nothing runs, so there it says nothing (`nomad`).
  return { hook, sidecar: sidecar && hook !== "poststop" };
}

function decodeLogs(reader: BlockReader<typeof logsKeys> | undefined): Task["logs"] {
  const disabled = reader?.get("disabled");
  const enabled = reader?.get("enabled");
  return {
    maxFiles: reader?.get("max_files") ?? logFileDefaults.maxFiles,
    maxFileSizeMb: reader?.get("max_file_size") ?? logFileDefaults.maxFileSizeMb,
    disabled: disabled ?? enabled === false,
  };
}
