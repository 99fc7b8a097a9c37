import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RiggedTask } from "@driver/testing";

/** Shell: waits until the test says `go`. */
export const untilGo = "while [ ! -e /alloc/go ]; do sleep 0.05; done";

/** Lets a script go on that waits at `untilGo`. */
export async function go({ config }: RiggedTask): Promise<void> {
  await writeFile(join(config.allocDir, "alloc", "go"), "");
}
