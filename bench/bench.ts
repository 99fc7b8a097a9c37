// npm run bench [-- [--json] [--full] [--write] [--against OTHER-BUILD [--rounds N]] [part…]]: measures the built plugin on an
// engine of its own.
import { fileURLToPath } from "node:url";
import { runInWorld, TestingError } from "@driver/testing";
import { buildWhenStale } from "../scripts/build.ts";
import { readBenchOptions } from "./bench-options.ts";
import { parts } from "./parts/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

try {
  process.exitCode = await bench();
} catch (error) {
  if (!(error instanceof TestingError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function bench(): Promise<number> {
  const unknown = readBenchOptions(process.argv.slice(2)).parts.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    const list = parts.map((part) => `  ${part.name.padEnd(10)}${part.summary}\n`).join("");
    process.stderr.write(`No part is called ${unknown.join(" or ")}. The parts:\n${list}`);
    return 1;
  }
  await buildWhenStale();
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));
  return runInWorld({
    network: "own",
    command: [process.execPath, "--disable-warning=ExperimentalWarning", `${root}bench/bench-in-world.ts`, ...process.argv.slice(2)],
    env: { ...process.env, TEST_PLUGIN: `${root}dist/nomad-driver-podman` },
    signal: controller.signal,
  });
}
