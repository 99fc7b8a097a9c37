import { checkPluginBlock, RunError, type Findings, type PlacedProblem } from "@driver/nomad-host";
import type { ConfigBody } from "@driver/nomad-plugin";
import { checkPluginConfig, pluginSchema } from "@driver/podman-driver";

/** The name under which operators configure this plugin in the agent's file. */
export const pluginName = "nomad-driver-podman";

const commandLine = { line: 1, column: 1 };

/** What this plugin would say of the inside of its `config` block. */
export function checkOwnBlock(body: ConfigBody | undefined): Findings<PlacedProblem> {
  return checkPluginBlock(body, { schema: pluginSchema.spec, check: checkPluginConfig });
}

/** @throws RunError `plugin-config-invalid` with all that this plugin would refuse, so that nothing is started for it */
export function refuseOwnBlock(body: ConfigBody | undefined): void {
  const [first, ...further] = checkOwnBlock(body).problems;
  if (first !== undefined) throw new RunError("plugin-config-invalid", first.message, { position: first.position, further });
}

/** Adds `--socket` to the plugin's configuration; it wins over a `socket_path`, or Docker's `endpoint`, in the agent's file. */
export function withSocket(body: ConfigBody | undefined, socket: string | undefined): ConfigBody | undefined {
  if (socket === undefined) return body;
  const base = body ?? { attributes: [], blocks: [], position: commandLine };
  const others = base.attributes.filter(({ name }) => name !== "socket_path" && name !== "endpoint");
  return { ...base, attributes: [...others, { name: "socket_path", value: toSocketAddress(socket), position: commandLine }] };
}

/** A bare path becomes the address of a unix socket. */
function toSocketAddress(socket: string): string {
  return socket.startsWith("/") ? `unix://${socket}` : socket;
}
