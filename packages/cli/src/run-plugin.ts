import { createPluginLogger } from "@driver/go-plugin";
import { serveDriver } from "@driver/nomad-plugin";
import { keepMemoryOutOfCoreFile, PodmanDriver } from "@driver/podman-driver";

import manifest from "../package.json" with { type: "json" };

/** Serves the Podman driver to the host that started this process; settles with the exit code when it must end. */
export async function runPlugin(): Promise<number> {
  keepMemoryOutOfCoreFile();
  const logger = createPluginLogger();
  // Node has no getuid only on systems that have no Podman either.
  const uid = process.getuid?.() ?? 0;
  return serveDriver(new PodmanDriver({ logger, version: manifest.version, uid }), { logger });
}
