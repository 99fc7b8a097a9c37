import { createPluginLogger } from "@driver/go-plugin";
import { serveDriver } from "@driver/nomad-plugin";
import { createPodmanDriver } from "@driver/podman-driver";

/** Serves the Podman driver to the host that started this process; settles with the exit code when it must end. */
export async function runPlugin(): Promise<number> {
  const logger = createPluginLogger();
  return serveDriver(createPodmanDriver({ logger }), { logger });
}
