import type { ConfigBody, Position } from "@driver/nomad-plugin";
import { JobFileError } from "../../job/job-file-error.ts";
import { readJobFile } from "../../job/read-job-file.ts";
import { AgentObject, parseAgentFile } from "./parse-agent-file.ts";
import type { AgentEntry } from "./parse-agent-file.ts";

/**
 * Reads the inside of `plugin "<pluginName>" { config { … } }` from a Nomad agent's configuration file, in HCL or JSON.
 * Undefined when that block has no `config`. Rejects with a JobFileError when there is no such plugin block.
 */
export async function loadPluginConfig(path: string, pluginName: string, signal: AbortSignal): Promise<ConfigBody | undefined> {
  const source = await readJobFile(path, signal, { takesMark: false });
  const plugins = parseAgentFile(source).entries.flatMap(toPlugins);
  const plugin = plugins.findLast(({ path: [name] }) => name === pluginName);
  if (plugin === undefined) {
    const others = plugins.map(({ path: [name] }) => JSON.stringify(name ?? "")).join(", ");
    const found = others === "" ? "there is no plugin block" : `there is only ${others}`;
    throw new JobFileError(`this file does not configure the plugin ${JSON.stringify(pluginName)}: ${found}`, { code: "invalid", source });
  }
  const config = plugin.value instanceof AgentObject ? plugin.value.entries.find(({ path: [name] }) => name === "config") : undefined;
  return config?.value instanceof AgentObject ? toBody(config.value, config.position) : undefined;
}

/** `plugin "x" {…}` and `plugin { x {…} }` are the same. */
function toPlugins(entry: AgentEntry): readonly AgentEntry[] {
  const [key, ...names] = entry.path;
  if (key !== "plugin") return [];
  if (names.length > 0) return [{ ...entry, path: names }];
  return entry.value instanceof AgentObject ? entry.value.entries : [];
}

function toBody(config: AgentObject, position: Position): ConfigBody {
  const blocks = config.entries.flatMap(({ path: [type = "", ...labels], value, isAssigned, position: at }) =>
    value instanceof AgentObject && !isAssigned ? [{ type, labels, body: toBody(value, at), position: at }] : [],
  );
  const assigned = config.entries.filter(({ value, isAssigned }) => isAssigned || !(value instanceof AgentObject));
  const values = new AgentObject(assigned).toValue();
  const attributes = Object.entries(values).map(([name, value]) => {
    const at = assigned.find(({ path }) => path[0] === name)?.position ?? position;
    return { name, value, position: at };
  });
  return { attributes, blocks, position };
}
