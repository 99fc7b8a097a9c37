import type { BlockReader } from "./block-reader.ts";
import type { JobParameters, PeriodicLaunch } from "./job.ts";
import type { parameterizedKeys, periodicKeys } from "./keys/launch-keys.ts";

/** Decodes a job's `periodic` block; what a server asks of it is looked at elsewhere. */
export function decodePeriodic(reader: BlockReader<typeof periodicKeys>): PeriodicLaunch {
  const cron = reader.get("cron") ?? "";
  const timeZone = reader.get("time_zone") ?? "";
  return {
    isEnabled: reader.get("enabled") ?? true,
    crons: cron === "" ? (reader.get("crons") ?? []) : [cron],
    timeZone: timeZone === "" ? "UTC" : timeZone,
    prohibitsOverlap: reader.get("prohibit_overlap") ?? false,
    position: reader.block.position,
  };
}

/** Decodes a job's `parameterized` block. */
export function decodeParameters(reader: BlockReader<typeof parameterizedKeys>): JobParameters {
  const payload = reader.get("payload");
  return {
    payload: payload === "required" || payload === "forbidden" ? payload : "optional",
    metaRequired: reader.get("meta_required") ?? [],
    metaOptional: reader.get("meta_optional") ?? [],
    position: reader.block.position,
  };
}
