import type { BlockReader } from "./block-reader.ts";
import type { JobType, RestartPolicy } from "./job.ts";
import type { restartKeys } from "./keys/task-keys.ts";

type RestartReader = BlockReader<typeof restartKeys>;

const shortestIntervalMs = 5_000;
const nsInMs = 1_000_000n;

/** The policy of tasks that say nothing (`nomad`: restart block). */
export function defaultRestart(type: JobType): RestartPolicy {
  const isBatch = type === "batch" || type === "sysbatch";
  return { attempts: isBatch ? 3 : 2, intervalMs: (isBatch ? 24 : 0.5) * 3_600_000, delayMs: 15_000, mode: "fail" };
}

/** A `restart` block over the policy it changes; without a block that policy. */
export function decodeRestart(reader: RestartReader | undefined, base: RestartPolicy): RestartPolicy {
  if (reader === undefined) return base;
  const mode = reader.get("mode") ?? base.mode;
  return {
    attempts: reader.get("attempts") ?? base.attempts,
    intervalMs: reader.get("interval") ?? base.intervalMs,
    delayMs: reader.get("delay") ?? base.delayMs,
    // Whatever is not fail waits for the next interval; a wrong word is refused in a group only (`nomad`).
    mode: mode === "fail" ? "fail" : "delay",
  };
}

/** What the delays come to in Nomad's 64 bits of nanoseconds, which wrap. */
function totalMs(attempts: number, delayMs: number): number {
  return Number(BigInt.asIntN(64, BigInt(attempts) * BigInt(delayMs) * nsInMs)) / Number(nsInMs);
}

/** What a Nomad server refuses, in a group's policy only: those of its tasks are not looked at (`nomad`). */
export function checkRestart({ attempts, intervalMs, delayMs, mode }: RestartPolicy, reader: RestartReader | undefined): void {
  if (reader === undefined) return;
  const word = reader.get("mode") ?? "fail";
  if (!["fail", "delay"].includes(word)) reader.report(`restart: mode must be fail or delay, not ${JSON.stringify(word)}`, "mode");
  if (attempts === 0 && mode !== "fail") reader.report(`restart: mode "${mode}" needs attempts; with none it must be "fail"`, "mode");
  if (intervalMs < shortestIntervalMs) reader.report("argument interval in restart: must be at least 5s", "interval");
  if (totalMs(attempts, delayMs) > intervalMs) {
    const wanted = `${attempts} attempts with a delay of ${delayMs / 1000}s`;
    reader.report(`restart: ${wanted} do not fit into the interval of ${intervalMs / 1000}s`, "interval");
  }
}
