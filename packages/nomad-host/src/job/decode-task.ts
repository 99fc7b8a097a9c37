import type { ConfigBody } from "@driver/nomad-plugin";
import { toSignalNumber } from "@driver/nomad-plugin";
import type { BlockReader } from "./block-reader.ts";
import { decodeRestart } from "./decode-restart.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { RestartPolicy, Task, TaskLifecycle, TaskResources, TaskTemplate } from "./job.ts";

/** Decodes a `task` block; `restart` is the policy of its group. */
export function decodeTask(reader: BlockReader, restart: RestartPolicy): Task {
  const lifecycle = decodeLifecycle(reader);
  return {
    name: decodeName(reader),
    driver: decodeDriver(reader),
    user: reader.string("user") ?? "",
    leader: reader.bool("leader") ?? false,
    env: decodeEnv(reader),
    meta: reader.stringMap("meta"),
    config: decodeConfig(reader),
    resources: decodeResources(reader.optionalBlock("resources")),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    restart: decodeRestart(reader.optionalBlock("restart"), restart),
    killTimeoutMs: reader.durationMs("kill_timeout") ?? 5000,
    killSignal: decodeKillSignal(reader),
    shutdownDelayMs: reader.durationMs("shutdown_delay") ?? 0,
    logs: decodeLogs(reader.optionalBlock("logs")),
    templates: reader.blocks("template").map(decodeTemplate),
    position: reader.block.position,
  };
}

/** The name becomes a folder of the allocation. */
function decodeName(reader: BlockReader): string {
  const name = reader.label;
  if (name === "" || name === "." || name === ".." || name === "alloc" || /[/\\]/.test(name) || hasControlCharacter(name)) {
    throw reader.error(
      `task ${JSON.stringify(name)}: the name becomes a folder, so it must not be empty, ".", ".." or "alloc", nor hold a slash or control characters`,
    );
  }
  return name;
}

function decodeDriver(reader: BlockReader): string {
  const driver = reader.string("driver") ?? "";
  if (driver === "") throw reader.error(`task "${reader.label}": driver is missing, as in driver = "podman"`, "driver");
  return driver;
}

function decodeKillSignal(reader: BlockReader): string {
  const name = reader.string("kill_signal") ?? "";
  if (name === "" || toSignalNumber(name) !== undefined) return name;
  const given = JSON.stringify(name);
  throw reader.error(
    `argument kill_signal in task "${reader.label}": must be a signal such as "SIGTERM", "TERM" or "SIGRTMIN+3", not ${given}`,
    "kill_signal",
  );
}

function decodeEnv(reader: BlockReader): Readonly<Record<string, string>> {
  const env = reader.stringMap("env");
  const bad = Object.keys(env).find((name) => name === "" || /[=\0]/.test(name));
  if (bad !== undefined)
    throw reader.error(`env ${JSON.stringify(bad)} in task "${reader.label}": a variable's name must not be empty nor hold =`, "env");
  return env;
}

function decodeConfig(reader: BlockReader): ConfigBody {
  const config = reader.optionalBlock("config");
  if (config !== undefined && config.block.labels.length > 0) throw config.error("block config: takes no label");
  return config?.block.body ?? { attributes: [], blocks: [], position: reader.block.position };
}

function decodeResources(reader: BlockReader | undefined): TaskResources {
  const cores = reader?.integer("cores", { min: 1 });
  const cpuMhz = reader?.integer("cpu", { min: 1 });
  const memoryMb = reader?.integer("memory", { min: 10 }) ?? 300;
  const memoryMaxMb = reader?.integer("memory_max", { min: -1 }) ?? 0;
  if (reader !== undefined && cores !== undefined && cpuMhz !== undefined)
    throw reader.error("resources: cpu and cores exclude each other", "cores");
  if (reader !== undefined && memoryMaxMb > 0 && memoryMaxMb < memoryMb) {
    throw reader.error(`argument memory_max in resources: ${memoryMaxMb} is less than memory, ${memoryMb}`, "memory_max");
  }
  return { cpuMhz: cores === undefined ? (cpuMhz ?? 100) : 0, ...(cores === undefined ? {} : { cores }), memoryMb, memoryMaxMb };
}

function decodeLifecycle(task: BlockReader): TaskLifecycle | undefined {
  const reader = task.optionalBlock("lifecycle");
  if (reader === undefined) return undefined;
  const hook = reader.choice("hook", ["prestart", "poststart", "poststop"]);
  if (hook === undefined) throw reader.error(`lifecycle in task "${task.label}": hook is missing: prestart, poststart or poststop`);
  const sidecar = reader.bool("sidecar") ?? false;
  if (sidecar && hook === "poststop")
    throw reader.error("lifecycle: a poststop task cannot be a sidecar, since nothing runs beside it", "sidecar");
  return { hook, sidecar };
}

function decodeLogs(reader: BlockReader | undefined): Task["logs"] {
  const disabled = reader?.bool("disabled");
  const enabled = reader?.bool("enabled");
  return {
    maxFiles: reader?.integer("max_files", { min: 1 }) ?? 10,
    maxFileSizeMb: reader?.integer("max_file_size", { min: 1 }) ?? 10,
    disabled: disabled ?? enabled === false,
  };
}

function decodeTemplate(reader: BlockReader): TaskTemplate {
  const data = reader.string("data");
  const destination = reader.string("destination");
  const perms = reader.string("perms") ?? "0644";
  if (data === undefined) throw reader.error("template: data is missing");
  if (destination === undefined) throw reader.error("template: destination is missing");
  if (!/^0?[0-7]{3,4}$/.test(perms))
    throw reader.error(`argument perms in template: must be an octal mode such as "0644", not ${JSON.stringify(perms)}`, "perms");
  const delimiter = reader.string("left_delimiter") ?? "{{";
  if (delimiter !== "" && data.includes(delimiter)) {
    throw reader.error(
      `argument data in template: actions (${delimiter} … ) are not supported; only constant text is, and \${NOMAD_…} in env`,
      "data",
    );
  }
  return { data, destination, env: reader.bool("env") ?? false, perms, position: reader.block.position };
}
