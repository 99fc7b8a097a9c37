// Runs inside a world that keeps the host's network: engine, image, then the job with the arguments given.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { messageOf } from "@driver/std";
import { HostNetwork, startEngine, TestingError } from "@driver/testing";

const plugin = fileURLToPath(new URL("../dist/nomad-driver-podman", import.meta.url));
const storage = process.env["ENGINE_STORAGE"] ?? "";

const interruptedCode = 130;
const starting = new AbortController();
const endStart = () => starting.abort(new Error("Stopped while the engine was starting."));
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, endStart);

try {
  process.exitCode = await start();
} catch (error) {
  const isStopped = starting.signal.aborted;
  if (!isStopped && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${isStopped ? "Stopped." : messageOf(error)}\n`);
  process.exitCode = isStopped ? interruptedCode : 1;
}

async function start(): Promise<number> {
  await using _network = await HostNetwork.observe(process.env["WORLD_FOLDER"] ?? "");
  await using engine = await startEngine({ storage }, starting.signal);
  await engine.importBusybox("localhost/busybox:1");
  starting.signal.throwIfAborted();
  return await runJob(engine.socketPath);
}

/** The first Ctrl-C asks the job to stop, the second to end at once; both are the program's own business. */
function runJob(socketPath: string): Promise<number> {
  const child = spawn(plugin, ["run", ...process.argv.slice(2), "--socket", `unix://${socketPath}`], { stdio: "inherit" });
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.off(name, endStart);
    process.on(name, () => child.kill(name));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
