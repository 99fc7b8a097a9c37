import { statSync } from "node:fs";
import { join } from "node:path";
import { until, type RiggedTask } from "@driver/testing";

/**
 * Settles when the plugin has noted that it has delivered the first of a task's output: one that is killed before that delivers it
 * again. For tasks whose output so far has come in one piece.
 */
export async function untilNoted({ config }: RiggedTask): Promise<void> {
  const path = join(config.allocDir, config.name, ".podman-log-position");
  // It is made, and then written.
  await until(() => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
}
