// npm test [-- [--only-tests] [pattern…]]: every check, then all tests in a world of their own.
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInWorld } from "@driver/testing";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const patterns = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const globs = ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "scripts/**/*.test.ts", "e2e/**/*.test.ts"];
const files = globSync(globs)
  .filter((file) => !file.includes("node_modules") && (patterns.length === 0 || patterns.some((pattern) => file.includes(pattern))))
  .toSorted();
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));
process.exitCode = await runInWorld({
  network: "own",
  command: [process.execPath, "--disable-warning=ExperimentalWarning", "scripts/test-in-world.ts", ...files],
  env: { ...process.env, TEST_PLUGIN: `${root}dist/nomad-driver-podman` },
  signal: controller.signal,
});
