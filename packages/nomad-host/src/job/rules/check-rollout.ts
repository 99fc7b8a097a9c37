import type { BlockReader } from "../block-reader.ts";
import { verticalLabels } from "../keys/rollout-keys.ts";
import type { disconnectKeys, groupScaling, migrateKeys, rescheduleKeys, taskScaling, updateKeys } from "../keys/rollout-keys.ts";
import type { BlockKind, JobKey } from "../keys/job-key.ts";
import type { JobType } from "../job.ts";
import { viableAttempts } from "./viable-attempts.ts";

/** A group's block over the job's, key by key (`nomad`); undefined where neither is there. */
export interface Layers<R> {
  readonly job: R | undefined;
  readonly group: R | undefined;
}

type UpdateReader = BlockReader<typeof updateKeys>;
type MigrateReader = BlockReader<typeof migrateKeys>;
type RescheduleReader = BlockReader<typeof rescheduleKeys>;

const minuteMs = 60_000;
const defaultProgressMs = 10 * minuteMs;

export function checkUpdate({ job, group }: Layers<UpdateReader>, type: JobType): void {
  const isJobsEmpty = job !== undefined && (job.get("max_parallel") ?? 1) === 0;
  const isForbidden = type === "batch" || type === "sysbatch";
  const reader = group ?? (isJobsEmpty && !isForbidden ? undefined : job);
  if (reader === undefined) return;
  if (isForbidden) return reader.report(`block update: a ${type} job may not have one`);
  const number = (name: "max_parallel" | "canary", fallback: number) => group?.get(name) ?? job?.get(name) ?? fallback;
  const time = (name: "stagger" | "min_healthy_time" | "healthy_deadline" | "progress_deadline", fallbackMs: number) =>
    group?.get(name) ?? job?.get(name) ?? fallbackMs;
  const healthCheck = group?.get("health_check") ?? job?.get("health_check") ?? "checks";
  const minimumMs = time("min_healthy_time", 10_000);
  const healthyMs = time("healthy_deadline", 5 * minuteMs);
  const progressMs = time("progress_deadline", defaultProgressMs);
  const canary = number("canary", 0);
  if (!["checks", "task_states", "manual"].includes(healthCheck))
    reader.report(`update: health_check must be checks, task_states or manual, not ${JSON.stringify(healthCheck)}`, "health_check");
  if (number("max_parallel", 1) < 0) reader.report("update: max_parallel must not be negative", "max_parallel");
  if (canary < 0) reader.report("update: canary must not be negative", "canary");
  if (canary === 0 && (group?.get("auto_promote") ?? job?.get("auto_promote") ?? false))
    reader.report("update: auto_promote needs a canary count", "auto_promote");
  if (minimumMs < 0) reader.report("update: min_healthy_time must not be negative", "min_healthy_time");
  if (healthyMs <= 0) reader.report("update: healthy_deadline must be more than 0", "healthy_deadline");
  if (progressMs < 0) reader.report("update: progress_deadline must not be negative", "progress_deadline");
  if (minimumMs >= healthyMs) reader.report("update: min_healthy_time must be less than healthy_deadline", "min_healthy_time");
  if (progressMs !== 0 && healthyMs >= progressMs)
    reader.report("update: healthy_deadline must be less than progress_deadline", "healthy_deadline");
  if (time("stagger", 30_000) <= 0) reader.report("update: stagger must be more than 0", "stagger");
}

/** How long an allocation of a service may take to be healthy; 0: there is no such limit. */
export function progressDeadlineMs({ job, group }: Layers<UpdateReader>, type: JobType): number {
  if (type !== "service") return 0;
  return group?.get("progress_deadline") ?? job?.get("progress_deadline") ?? defaultProgressMs;
}

export function checkMigrate({ job, group }: Layers<MigrateReader>, type: JobType): void {
  const reader = group ?? job;
  if (reader === undefined) return;
  if (type !== "service") return reader.report(`block migrate: a ${type} job may not have one`);
  const healthCheck = group?.get("health_check") ?? job?.get("health_check") ?? "checks";
  const minimumMs = group?.get("min_healthy_time") ?? job?.get("min_healthy_time") ?? 10_000;
  const deadlineMs = group?.get("healthy_deadline") ?? job?.get("healthy_deadline") ?? 5 * minuteMs;
  if ((group?.get("max_parallel") ?? job?.get("max_parallel") ?? 1) < 0)
    reader.report("migrate: max_parallel must not be negative", "max_parallel");
  if (!["checks", "task_states"].includes(healthCheck))
    reader.report(`migrate: health_check must be checks or task_states, not ${JSON.stringify(healthCheck)}`, "health_check");
  if (minimumMs < 0) reader.report("migrate: min_healthy_time must not be negative", "min_healthy_time");
  if (deadlineMs < 0) reader.report("migrate: healthy_deadline must not be negative", "healthy_deadline");
  if (minimumMs > deadlineMs) reader.report("migrate: min_healthy_time must not be more than healthy_deadline", "min_healthy_time");
}

const shortestDelayMs = 5_000;
const shortestIntervalMs = 15_000;
const delayFunctions = ["constant", "exponential", "fibonacci"];

export function checkReschedule({ job, group }: Layers<RescheduleReader>, type: JobType): void {
  const reader = group ?? job;
  if (reader === undefined) return;
  if (type === "system" || type === "sysbatch") return reader.report(`block reschedule: a ${type} job may not have one`);
  const isBatch = type === "batch";
  const attempts = group?.get("attempts") ?? job?.get("attempts") ?? (isBatch ? 1 : 0);
  const isUnlimited = group?.get("unlimited") ?? job?.get("unlimited") ?? !isBatch;
  const intervalMs = group?.get("interval") ?? job?.get("interval") ?? (isBatch ? 24 * 60 * minuteMs : 0);
  const delayMs = group?.get("delay") ?? job?.get("delay") ?? (isBatch ? 5_000 : 30_000);
  const maxDelayMs = group?.get("max_delay") ?? job?.get("max_delay") ?? (isBatch ? 0 : 60 * minuteMs);
  const delayFunction = group?.get("delay_function") ?? job?.get("delay_function") ?? (isBatch ? "constant" : "exponential");
  if (attempts <= 0 && !isUnlimited) return;
  if (attempts > 0 && intervalMs <= 0) reader.report("reschedule: attempts need an interval", "attempts");
  if (attempts > 0 && isUnlimited) reader.report("reschedule: attempts and unlimited exclude each other", "attempts");
  const isDelayRight = checkDelays(reader, { delayMs, maxDelayMs, delayFunction });
  if (isUnlimited) return;
  if (intervalMs < shortestIntervalMs) reader.report("reschedule: interval must be at least 15s", "interval");
  if (isDelayRight && !viableAttempts({ attempts, intervalMs, delayMs, maxDelayMs, delayFunction }))
    reader.report(`reschedule: ${attempts} attempts do not fit into the interval`, "interval");
}

interface Delays {
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly delayFunction: string;
}

function checkDelays(reader: RescheduleReader, { delayMs, maxDelayMs, delayFunction }: Delays): boolean {
  const problems: (readonly [string, "delay" | "delay_function" | "max_delay"])[] = [];
  if (delayMs < shortestDelayMs) problems.push(["delay must be at least 5s", "delay"]);
  if (!delayFunctions.includes(delayFunction))
    problems.push([`delay_function must be one of ${delayFunctions.join(", ")}, not ${JSON.stringify(delayFunction)}`, "delay_function"]);
  if (delayFunction !== "constant" && maxDelayMs < shortestDelayMs) problems.push(["max_delay must be at least 5s", "max_delay"]);
  else if (delayFunction !== "constant" && maxDelayMs < delayMs) problems.push(["max_delay must not be less than delay", "max_delay"]);
  for (const [problem, key] of problems) reader.report(`reschedule: ${problem}`, key);
  return problems.length === 0;
}

type KeysOf<K> = K extends JobKey<infer Kind> ? (Kind extends BlockKind<infer Keys> ? Keys : never) : never;

export function checkScaling(reader: BlockReader<KeysOf<typeof groupScaling>> | undefined, count: number): void {
  if (reader === undefined) return;
  const type = reader.get("type") ?? "";
  if (type !== "" && type !== "horizontal")
    reader.report(`scaling: the type of a group's is "horizontal", not ${JSON.stringify(type)}`, "type");
  const max = reader.get("max");
  const min = reader.get("min") ?? count;
  if (max === undefined) return reader.report("scaling: max is missing", "max");
  if (max < 0) reader.report("scaling: max must not be negative", "max");
  else if (max < min) reader.report("scaling: max must not be less than min", "max");
  if (min < 0) reader.report("scaling: min must not be negative", "min");
  if (max < count) reader.report(`scaling: the group's count, ${count}, must not be more than max`, "max");
  if (count < min) reader.report(`scaling: the group's count, ${count}, must not be less than min`, "min");
}

export function checkTaskScaling(readers: readonly BlockReader<KeysOf<typeof taskScaling>>[]): void {
  const types: Readonly<Record<string, string>> = verticalLabels;
  for (const reader of readers) {
    const type = reader.get("type") ?? "";
    const wanted = Object.hasOwn(types, reader.label) ? types[reader.label] : undefined;
    if (type !== "" && wanted !== undefined && type !== wanted)
      reader.report(`scaling "${reader.label}": its type is "${wanted}", not ${JSON.stringify(type)}`, "type");
  }
}

export function checkDisconnect(reader: BlockReader<typeof disconnectKeys> | undefined, type: JobType): void {
  if (reader === undefined) return;
  const stopMs = reader.get("stop_on_client_after");
  const lostMs = reader.get("lost_after") ?? 0;
  if (stopMs !== undefined && stopMs < 0) reader.report("disconnect: stop_on_client_after must not be negative", "stop_on_client_after");
  if (stopMs !== undefined && type !== "service" && type !== "batch")
    reader.report(`disconnect: stop_on_client_after has no place in a ${type} job`, "stop_on_client_after");
  if (lostMs < 0) reader.report("disconnect: lost_after must not be negative", "lost_after");
  if (stopMs !== undefined && lostMs !== 0)
    reader.report("disconnect: lost_after and stop_on_client_after exclude each other", "lost_after");
}
