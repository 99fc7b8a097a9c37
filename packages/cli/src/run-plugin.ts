import { createPluginLogger } from "@driver/go-plugin/serve";
import { serveLateDriver, type LateDriver } from "@driver/nomad-plugin/serve";
import { keepMemoryOutOfCoreFile, toPluginInfo } from "@driver/podman-driver/start";

import manifest from "../package.json" with { type: "json" };

/**
 * Serves the Podman driver to the host that started this process; settles with the exit code when it must end. The driver itself is
 * loaded with the first call that needs it.
 */
export async function runPlugin(): Promise<number> {
  keepMemoryOutOfCoreFile();
  const logger = createPluginLogger();
  // Node has no getuid only on systems that have no Podman either.
  const uid = process.getuid?.() ?? 0;
  const { version } = manifest;
  const driver: LateDriver = {
    pluginInfo: () => Promise.resolve(toPluginInfo(version)),
    async load() {
      const { PodmanDriver } = await import("@driver/podman-driver/driver");
      return new PodmanDriver({ logger, version, uid });
    },
  };
  return serveLateDriver(driver, { logger });
}
