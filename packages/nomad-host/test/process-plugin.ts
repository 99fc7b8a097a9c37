// The process driver as a plugin executable.
import { createPluginLogger } from "@driver/go-plugin";
import { serveDriver } from "@driver/nomad-plugin";

import { createProcessDriver } from "./process-driver.ts";

process.exit(await serveDriver(createProcessDriver(), { logger: createPluginLogger() }));
