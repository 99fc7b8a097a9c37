// npm start [-- FILE and options of `nomad-driver-podman run`]: builds what is stale and runs a job file on an engine of its own.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "@driver/std";
import { claimEngineStorage, runInWorld, TestingError, type RunningWorld } from "@driver/testing";
import { buildWhenStale } from "./build.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const callerFolder = process.cwd();
const given = process.argv.slice(2);
const runArguments = given.length > 0 ? given : [relative(callerFolder, `${root}examples/hello.nomad.hcl`)];

const interruptedCode = 130;
const controller = new AbortController();

try {
  process.exitCode = await start();
} catch (error) {
  const isStopped = controller.signal.aborted;
  if (!isStopped && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${isStopped ? "Stopped." : messageOf(error)}\n`);
  process.exitCode = isStopped ? interruptedCode : 1;
}

async function start(): Promise<number> {
  const notice = setTimeout(() => process.stderr.write("Building the plugin …\n"), 500);
  await buildWhenStale();
  clearTimeout(notice);
  process.chdir(callerFolder);
  let world: RunningWorld | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (world?.signalCommand(name === "SIGINT" ? name : "SIGTERM") !== true) controller.abort();
    });
  }
  await using storage = await claimEngineStorage(`${root}node_modules/.cache/nomad-driver-podman/engine`);
  return await runInWorld({
    network: "host",
    command: [process.execPath, "--disable-warning=ExperimentalWarning", `${root}scripts/start-in-world.ts`, ...runArguments],
    env: { ...process.env, ENGINE_STORAGE: storage.path },
    signal: controller.signal,
    onStart: (started) => (world = started),
  });
}
