import type { PluginInfo } from "@driver/nomad-plugin";

/** Who the driver is, as the agent asks each plugin that it finds. In a file of its own: to answer that, no more need be loaded. */
export function toPluginInfo(version: string): PluginInfo {
  return { name: "podman", version, type: "driver", apiVersions: ["v0.1.0"] };
}
