// npm run test:nomad [-- [--logs FOLDER] [pattern…]]: the built plugin under a real Nomad agent, in a world of its own. Takes the
// nomad of NOMAD_BIN or PATH. A pattern is a part of a test file's path: only those tests run; --logs keeps the agents' logs.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { messageOf } from "@driver/std";
import { findTool, runInWorld, TestingError } from "@driver/testing";
import { buildWhenStale } from "./build.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));

try {
  process.exitCode = await testNomad();
} catch (error) {
  if (!controller.signal.aborted && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function testNomad(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { logs: { type: "string" } }, allowPositionals: true });
  const logs = values.logs === undefined ? undefined : resolve(values.logs);
  const nomad = findNomad();
  if (nomad === undefined) {
    process.stdout.write("Skipped: there is no nomad in PATH, and NOMAD_BIN names none.\n");
    return 0;
  }
  if (process.getuid?.() !== 0) throw new TestingError("not-permitted", "Nomad's client needs root: run this as root.");
  process.chdir(root);
  const files = globSync("e2e/nomad/*.agent-test.ts").filter(
    (file) => positionals.length === 0 || positionals.some((pattern) => file.includes(pattern)),
  );
  if (files.length === 0) throw new TestingError("no-tests", `No test file of e2e/nomad has ${positionals.join(" or ")} in its path.`);
  if (logs !== undefined) await mkdir(logs, { recursive: true });
  process.stdout.write(`${await readVersion(nomad)} (${nomad})\n`);
  await buildWhenStale();
  return runInWorld({
    network: "own",
    command: [process.execPath, "--disable-warning=ExperimentalWarning", "scripts/test-in-world.ts", ...files.toSorted()],
    env: {
      ...process.env,
      TEST_PLUGIN: process.env["TEST_PLUGIN"] ?? `${root}dist/nomad-driver-podman`,
      NOMAD_BIN: nomad,
      NOMAD_LOGS: logs,
    },
    signal: controller.signal,
  });
}

function findNomad(): string | undefined {
  const named = process.env["NOMAD_BIN"] ?? "";
  return named === "" ? findTool("nomad") : resolve(named);
}

/** @throws TestingError "tool-missing" when it is no program that tells a version. */
async function readVersion(nomad: string): Promise<string> {
  try {
    return (await promisify(execFile)(nomad, ["version"])).stdout.split("\n")[0] ?? "";
  } catch (error) {
    throw new TestingError("tool-missing", `${nomad} version does not run. NOMAD_BIN must name a Nomad executable.`, { cause: error });
  }
}
