import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "@driver/testing";

/** What tests forgot to remove, one line each: processes and containers. Waits up to 2 s for what is just ending. */
export async function listLeftovers(engine: Engine): Promise<string[]> {
  for (let waitedMs = 0; waitedMs < 2000 && listStrayProcesses(engine).length > 0; waitedMs += 100) await delay(100);
  const containers = (await engine.run(["ps", "--all", "--format", "container {{.ID}} {{.Names}} ({{.Status}})"])).stdout;
  return [...containers.split("\n").filter((line) => line !== ""), ...listStrayProcesses(engine)];
}

/** Every process of the world but its first one, the engine and this runner. */
function listStrayProcesses(engine: Engine): string[] {
  const expected = new Set([1, process.pid, engine.pid]);
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && !expected.has(pid))
    .flatMap((pid) => describeProcess(pid));
}

function describeProcess(pid: number): string[] {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    // conmon stays for minutes after an exec session has ended, by Podman's wish (podman 4.3: 300 s).
    return command === "" || /conmon .*--exit-delay/.test(command) ? [] : [`process ${pid} ${command.slice(0, 160)}`];
  } catch {
    return [];
  }
}
