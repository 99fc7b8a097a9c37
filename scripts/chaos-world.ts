import { fileURLToPath } from "node:url";
import { runInWorld } from "@driver/testing";
import type { ChaosOptions } from "../e2e/chaos/run-chaos.ts";

/** Runs the chaos run of the built plugin in a world of its own; settles with its exit code. */
export function runChaosInWorld(options: ChaosOptions, signal: AbortSignal): Promise<number> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  return runInWorld({
    network: "own",
    command: [process.execPath, "--disable-warning=ExperimentalWarning", `${root}scripts/chaos-in-world.ts`, JSON.stringify(options)],
    env: { ...process.env, TEST_PLUGIN: process.env["TEST_PLUGIN"] ?? `${root}dist/nomad-driver-podman` },
    signal,
  });
}
