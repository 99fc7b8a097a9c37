// npm run test:chaos [-- --short] [--leaks] [--seed N] [--lives N] [--log FILE]: task lives under kills, freezes, faults, a full disk and a
// reboot, in a world of their own. Prints its seed; the same seed draws the same tasks and blows.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf } from "@driver/std";
import { TestingError } from "@driver/testing";
import type { ChaosOptions } from "../e2e/chaos/run-chaos.ts";
import { buildWhenStale } from "./build.ts";
import { runChaosInWorld } from "./chaos-world.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));

try {
  process.chdir(root);
  process.exitCode = await testChaos();
} catch (error) {
  if (!controller.signal.aborted && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function testChaos(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: "boolean" },
      leaks: { type: "boolean" },
      seed: { type: "string" },
      lives: { type: "string" },
      log: { type: "string" },
    },
  });
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
  if (!/^\d+$/.test(seed)) throw new TestingError("unknown-option", `--seed takes a whole number, not ${seed}.`);
  await buildWhenStale();
  const options: ChaosOptions = {
    seed: Number(seed),
    mode: values.leaks === true ? "leaks" : values.short === true ? "short" : "full",
    ...(values.lives !== undefined && { lives: Number(values.lives) }),
    ...(values.log !== undefined && { logFile: resolve(values.log) }),
  };
  return runChaosInWorld(options, controller.signal);
}
