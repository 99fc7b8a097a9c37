import type { ConfigBody } from "@driver/nomad-plugin";
import { toSignalNumber } from "@driver/nomad-plugin";
import type { BlockReader } from "./block-reader.ts";
import { decodeArtifact } from "./decode-artifact.ts";
import { decodeRestart } from "./decode-restart.ts";
import { decodeVolumeMount } from "./decode-volumes.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { RestartPolicy, Task, TaskLifecycle, TaskResources, TaskTemplate } from "./job.ts";
import type { logsKeys, resourcesKeys, taskKeys, templateKeys } from "./keys/task-keys.ts";

type TaskReader = BlockReader<typeof taskKeys>;

/** Decodes a `task` block; `restart` is the policy of its group. */
export function decodeTask(reader: TaskReader, restart: RestartPolicy): Task {
  const lifecycle = decodeLifecycle(reader);
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
    artifacts: reader.blocks("artifact").map(decodeArtifact),
    volumeMounts: reader.blocks("volume_mount").map(decodeVolumeMount),
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
  if (config !== undefined && config.block.labels.length > 0) config.report("block config: takes no label");
  return config?.block.body ?? { attributes: [], blocks: [], position: reader.block.position };
}

function decodeResources(reader: BlockReader<typeof resourcesKeys> | undefined): TaskResources {
  const cores = reader?.get("cores");
  const cpuMhz = reader?.get("cpu");
  const memoryMb = reader?.get("memory") ?? 300;
  const memoryMaxMb = reader?.get("memory_max") ?? 0;
  if (reader !== undefined && cores !== undefined && cpuMhz !== undefined)
    reader.report("resources: cpu and cores exclude each other", "cores");
  if (reader !== undefined && memoryMaxMb > 0 && memoryMaxMb < memoryMb) {
    reader.report(`argument memory_max in resources: ${memoryMaxMb} is less than memory, ${memoryMb}`, "memory_max");
  }
  return { cpuMhz: cores === undefined ? (cpuMhz ?? 100) : 0, ...(cores === undefined ? {} : { cores }), memoryMb, memoryMaxMb };
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
    maxFiles: reader?.get("max_files") ?? 10,
    maxFileSizeMb: reader?.get("max_file_size") ?? 10,
    disabled: disabled ?? enabled === false,
  };
}

function decodeTemplate(reader: BlockReader<typeof templateKeys>): TaskTemplate {
  const data = reader.get("data") ?? "";
  const destination = reader.get("destination") ?? "";
  const perms = reader.get("perms") ?? "";
  if (data === "" && !reader.has("source")) reader.report("template: data is missing or empty", "data");
  if (destination === "") reader.report("template: destination is missing", "destination");
  if (perms !== "" && !(/^[0-7]+$/.test(perms) && Number.parseInt(perms, 8) < 0o10000))
    reader.report(`argument perms in template: must be an octal mode such as "0644", not ${JSON.stringify(perms)}`, "perms");
  const given = reader.get("left_delimiter") ?? "";
  const delimiter = given === "" ? "{{" : given;
  if (data.includes(delimiter)) {
    reader.report(
      `argument data in template: actions (${delimiter} … ) are not supported; only constant text is, and \${NOMAD_…} in env`,
      "data",
    );
  }
  const [uid, gid] = [decodeOwner(reader, "uid"), decodeOwner(reader, "gid")];
  return {
    data,
    destination,
    env: reader.get("env") ?? false,
    perms: perms === "" ? "0644" : perms,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    position: reader.block.position,
  };
}

/** A negative number says nothing (`nomad`). */
function decodeOwner(reader: BlockReader<typeof templateKeys>, name: "uid" | "gid"): number | undefined {
  const id = reader.get(name);
  return id === undefined || id < 0 ? undefined : id;
}
