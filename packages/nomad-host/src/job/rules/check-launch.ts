import type { BlockReader } from "../block-reader.ts";
import { normalizeCron } from "../cron/normalize-cron.ts";
import type { JobType } from "../job.ts";
import type { parameterizedKeys, periodicKeys } from "../keys/launch-keys.ts";

/** What a Nomad server asks of a job's `periodic` block; one that is off is not looked at. */
export function checkPeriodic(reader: BlockReader<typeof periodicKeys> | undefined, type: JobType): void {
  if (reader === undefined || reader.get("enabled") === false) return;
  if (type === "service" || type === "system")
    reader.report(`block periodic: only batch and sysbatch jobs may have one, not a ${type} job`);
  const cron = reader.get("cron") ?? "";
  const crons = reader.get("crons") ?? [];
  if (cron !== "" && crons.length > 0) reader.report("periodic: cron and crons exclude each other", "crons");
  if (cron === "" && crons.length === 0) reader.report('periodic: cron is missing, as in cron = "0 3 * * *"', "cron");
  for (const expression of cron === "" ? crons : [cron, ...crons]) {
    const normalized = normalizeCron(expression);
    if ("problem" in normalized)
      reader.report(`periodic: the cron expression ${JSON.stringify(expression)} ${normalized.problem}`, cron === "" ? "crons" : "cron");
  }
  const zone = reader.get("time_zone") ?? "";
  if (zone !== "" && !isTimeZone(zone))
    reader.report(`periodic: time_zone must be a name such as "Europe/Berlin", not ${JSON.stringify(zone)}`, "time_zone");
}

/** Names that only ICU has: they are in no database of time zones, so Nomad has never heard of them. */
const strangeZones =
  /^(?:A[CEGRS]T|B[ES]T|C[ANST]T|E[AC]T|I[ES]T|JST|MIT|N[ES]T|P[LNRS]T|[SV]ST|SystemV\/.*|US\/Pacific-New|Canada\/East-Saskatchewan)$/;

/**
 * `Local` is this machine's, and offsets such as `+02:00` are no names (`go`: LoadLocation, which looks for a file of this very
 * name). What another name stands for is told in its own letters, so there only the first of each part is looked at.
 */
function isTimeZone(name: string): boolean {
  if (name === "Local") return true;
  if (!/^[A-Z]/.test(name) || /\/[a-z]/.test(name) || strangeZones.test(name)) return false;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return timeZone === name || timeZone.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

/** What a Nomad server asks of a job's `parameterized` block. */
export function checkParameters(reader: BlockReader<typeof parameterizedKeys> | undefined, type: JobType): void {
  if (reader === undefined) return;
  if (type === "service" || type === "system")
    reader.report(`block parameterized: only batch and sysbatch jobs may have one, not a ${type} job`);
  const payload = reader.get("payload") ?? "";
  if (!["", "optional", "required", "forbidden"].includes(payload))
    reader.report(`parameterized: payload must be optional, required or forbidden, not ${JSON.stringify(payload)}`, "payload");
  const required = reader.get("meta_required") ?? [];
  const both = (reader.get("meta_optional") ?? []).filter((name) => required.includes(name));
  if (both.length > 0) reader.report(`parameterized: meta cannot be required and optional: ${both.join(", ")}`, "meta_optional");
}
