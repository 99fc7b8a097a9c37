import { setFlagsFromString } from "node:v8";
import { createPluginLogger } from "@driver/go-plugin";
import { serveDriver } from "@driver/nomad-plugin";
import { PodmanDriver } from "@driver/podman-driver";

import manifest from "../package.json" with { type: "json" };

/** Serves the Podman driver to the host that started this process; settles with the exit code when it must end. */
export async function runPlugin(): Promise<number> {
  // Old objects are collected when they have grown by 2 MB instead of 8. Not among the executable's own options: with a flag
  // like this at its start, Node throws away the compiled code that comes with it, which costs 40 ms.
  setFlagsFromString("--optimize-for-size");
  const logger = createPluginLogger();
  // Node has no getuid only on systems that have no Podman either.
  const uid = process.getuid?.() ?? 0;
  return serveDriver(new PodmanDriver({ logger, version: manifest.version, uid }), { logger });
}
