// npm test [-- [--only-tests] [pattern…]]: all checks, then the tests in a world of their own, then the short chaos run and the short
// form of the matrix. A pattern is a part of a test file's path: only those tests run; --only-tests leaves the checks out.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "@driver/std";
import { runInWorld, TestingError } from "@driver/testing";
import { buildWhenStale } from "./build.ts";
import { runChaosInWorld } from "./chaos-world.ts";
import { runSteps, type Step } from "./steps.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const testGlobs = ["packages/*/{src,test,example}/**/*.test.ts", "{scripts,bench,e2e}/**/*.test.ts"];
const interruptedCode = 130;
/** The same wishes every time; `npm run test:chaos` draws others. */
const chaosSeed = 1;

const checks: readonly Step[] = [
  { name: "types", command: ["node_modules/.bin/tsc", "--project", "."] },
  { name: "lint", command: ["node_modules/.bin/oxlint", "--quiet"] },
  { name: "unused code", command: ["node_modules/.bin/knip", "--no-config-hints", "--no-progress"] },
  { name: "layers", command: [process.execPath, "scripts/check-layers.ts"] },
  { name: "generated code", command: [process.execPath, "scripts/generate-protos.ts", "--check"] },
  { name: "WebAssembly", command: [process.execPath, "scripts/generate-wasm.ts", "--check"] },
  { name: "generated docs", command: [process.execPath, "--disable-warning=ExperimentalWarning", "scripts/generate-docs.ts", "--check"] },
];

process.chdir(root);
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));

try {
  process.exitCode = await test(process.argv.slice(2), controller.signal);
} catch (error) {
  if (!controller.signal.aborted && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = controller.signal.aborted ? interruptedCode : 1;
}

async function test(args: readonly string[], signal: AbortSignal): Promise<number> {
  const patterns = args.filter((argument) => !argument.startsWith("-"));
  const unknown = args.find((argument) => argument.startsWith("-") && argument !== "--only-tests");
  if (unknown !== undefined) throw new TestingError("unknown-option", `Unknown option ${unknown}; the only one is --only-tests.`);
  const files = findTestFiles(patterns);
  if (files.length === 0) throw new TestingError("no-tests", `No test file has ${patterns.join(" or ")} in its path.`);
  if (!args.includes("--only-tests") && !(await runSteps(checks, signal))) return 1;
  if (!(await buildPlugin()) && !args.includes("--only-tests")) return 1;
  if (files.some((file) => file.startsWith("e2e/"))) await downloadGoModules();
  const code = await runInWorld({
    network: "own",
    command: [process.execPath, "--disable-warning=ExperimentalWarning", "scripts/test-in-world.ts", ...files],
    env: { ...process.env, TEST_PLUGIN: `${root}dist/nomad-driver-podman` },
    signal,
  });
  if (code !== 0 || patterns.length > 0) return code;
  const chaosCode = await runChaosInWorld({ seed: chaosSeed, mode: "short" }, signal);
  return chaosCode === 0 ? runShortMatrix(signal) : chaosCode;
}

async function runShortMatrix(signal: AbortSignal): Promise<number> {
  const args = ["--disable-warning=ExperimentalWarning", "scripts/test-matrix.ts", "--short"];
  // It ends its world at a SIGTERM.
  const child = spawn(process.execPath, args, { stdio: "inherit", signal, killSignal: "SIGTERM" });
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}

function findTestFiles(patterns: readonly string[]): string[] {
  return globSync(testGlobs)
    .filter((file) => !file.includes("node_modules/"))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern.replace(/^\.\//, ""))))
    .toSorted();
}

async function buildPlugin(): Promise<boolean> {
  const startMs = performance.now();
  const outcome = await buildWhenStale().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (outcome === false) return true;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  if (outcome === true) process.stdout.write(`✔ build (${seconds} s)\n`);
  else process.stdout.write(`✖ build (${seconds} s)\n${outcome.message}\n`);
  return outcome === true;
}

/** The world has no way out, so what its tests need from a registry is fetched before. Without Go they say so themselves. */
async function downloadGoModules(): Promise<void> {
  if (!existsSync("e2e/reference-host/go.mod")) return;
  const env = { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "-mod=readonly" };
  await promisify(execFile)("go", ["mod", "download"], { cwd: "e2e/reference-host", env }).catch(() => undefined);
}
