import type { BlockReader } from "./block-reader.ts";
import type { JobType, RestartPolicy } from "./job.ts";
import type { restartKeys } from "./keys/task-keys.ts";

type RestartReader = BlockReader<typeof restartKeys>;

const shortestIntervalMs = 5_000;

/** The policy of tasks that say nothing (`nomad`: restart block). */
export function defaultRestart(type: JobType): RestartPolicy {
  const isBatch = type === "batch" || type === "sysbatch";
  return { attempts: isBatch ? 3 : 2, intervalMs: (isBatch ? 24 : 0.5) * 3_600_000, delayMs: 15_000, mode: "fail" };
}

/** A `restart` block over the policy it changes; without a block that policy. */
export function decodeRestart(reader: RestartReader | undefined, base: RestartPolicy): RestartPolicy {
  if (reader === undefined) return base;
  const policy: RestartPolicy = {
    attempts: reader.get("attempts") ?? base.attempts,
    intervalMs: reader.get("interval") ?? base.intervalMs,
    delayMs: reader.get("delay") ?? base.delayMs,
    mode: reader.get("mode") ?? base.mode,
  };
  checkRestart(policy, reader);
  return policy;
}

/** What a Nomad server refuses. */
function checkRestart({ attempts, intervalMs, delayMs }: RestartPolicy, reader: RestartReader): void {
  if (intervalMs < shortestIntervalMs) throw reader.error("argument interval in restart: must be at least 5s", "interval");
  if (attempts * delayMs > intervalMs) {
    const wanted = `${attempts} attempts with a delay of ${delayMs / 1000}s`;
    throw reader.error(`restart: ${wanted} do not fit into the interval of ${intervalMs / 1000}s`, "interval");
  }
}
