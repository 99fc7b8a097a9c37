import { createHclParser, createScope, evaluateBody, loadWasm } from "@driver/hcl";
import type { ConfigBody } from "@driver/nomad-plugin";
import { asJobFile, JobFileError } from "../../job/job-file-error.ts";
import { readJobFile } from "../../job/read-job-file.ts";

/**
 * Reads the inside of `plugin "<pluginName>" { config { … } }` from a Nomad agent's configuration file. Undefined when
 * that block has no `config`. Rejects with a JobFileError when there is no such plugin block.
 */
export async function loadPluginConfig(path: string, pluginName: string, signal: AbortSignal): Promise<ConfigBody | undefined> {
  return asJobFile(() => readConfig(path, pluginName, signal));
}

async function readConfig(path: string, pluginName: string, signal: AbortSignal): Promise<ConfigBody | undefined> {
  const source = await readJobFile(path, signal);
  const parse = await createHclParser(loadWasm, source);
  const { blocks } = await parse(source);
  const plugins = blocks.filter(({ type }) => type === "plugin");
  const plugin = plugins.find(({ labels }) => labels[0] === pluginName);
  if (plugin === undefined) {
    const others = plugins.map(({ labels }) => JSON.stringify(labels[0] ?? "")).join(", ");
    const found = others === "" ? "there is no plugin block" : `there is only ${others}`;
    throw new JobFileError(`this file does not configure the plugin ${JSON.stringify(pluginName)}: ${found}`, { code: "invalid", source });
  }
  const config = plugin.body.blocks.find(({ type }) => type === "config");
  return config === undefined ? undefined : evaluateBody(config.body, config.position, createScope(source, { baseDir: process.cwd() }));
}
