// Runs inside a world: engine, image, then node's test runner over the files given as arguments.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PodmanClient } from "@driver/libpod";
import { giveContainersIds, startEngine } from "@driver/testing";
import { endHungTests } from "./hung-tests.ts";
import { listLeftovers } from "./leftovers.ts";

const image = "localhost/busybox:1";
const files = process.argv.slice(2);
/** The longest file takes a minute or two. */
const limits = { mostMs: 600_000, everyMs: 5_000 };
/** Writes what became of each test to the file of TEST_REPORT, where that is set. */
const resultsReporter = join(import.meta.dirname, "matrix/results-reporter.ts");
const worldFolder = process.env["WORLD_FOLDER"] ?? "";
const scratch = join(worldFolder, "scratch");

await mkdir(scratch);
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));

// Once for all files: several ask for user namespaces, and one adds a user of its own to these files.
await giveContainersIds(join(worldFolder, "container-ids"), controller.signal);
await using engine = await startEngine({ storage: join(worldFolder, "storage") }, controller.signal);
await engine.importBusybox(image);
await writeFacts();
const code = await runTests({ TEST_PODMAN_SOCKET: engine.socketPath, TEST_IMAGE: image, TEST_SCRATCH: scratch });
const leftovers = await listLeftovers(engine);
for (const line of leftovers) process.stderr.write(`left behind by the tests: ${line}\n`);
process.exitCode = code === 0 && leftovers.length > 0 ? 1 : code;

/** Podman's version, that of its runtime, and how it uses cgroups, a line each, for the file of TEST_ENGINE_FACTS. */
async function writeFacts(): Promise<void> {
  const path = process.env["TEST_ENGINE_FACTS"];
  if (path === undefined) return;
  const podman = new PodmanClient({ socketPath: engine.socketPath });
  const { version, ociRuntime, cgroupVersion, cgroupManager } = await podman.info(controller.signal).finally(() => podman.close());
  const [runtime = ""] = ociRuntime.version.replace(" version", "").split("\n");
  await writeFile(path, [version, runtime, `${cgroupVersion}, ${cgroupManager}`].join("\n"));
}

/** Test files run two at a time: one waits while the other works, and there are two cores in the smallest machine we know. */
async function runTests(env: Readonly<Record<string, string>>): Promise<number> {
  const report = process.env["TEST_REPORT"];
  const options = [
    ...["--test", "--test-concurrency=2", "--test-timeout=300000", "--test-reporter=spec", "--test-reporter-destination=stdout"],
    ...(report === undefined ? [] : [`--test-reporter=${resultsReporter}`, `--test-reporter-destination=${report}`]),
  ];
  const child = spawn(process.execPath, [...options, ...files], {
    stdio: "inherit",
    // Set where a test runs `npm test`: the inner runner would take itself for a part of the outer one and print nothing.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  const hasEnded = new AbortController();
  const tell = (file: string): void => void process.stderr.write(`not ended after ${limits.mostMs / 1000} s, and killed: ${file}\n`);
  const watching = endHungTests(child.pid ?? 0, { limits, tell }, hasEnded.signal);
  try {
    const [exitCode] = await once(child, "exit");
    return typeof exitCode === "number" ? exitCode : 1;
  } finally {
    hasEnded.abort();
    await watching;
  }
}
