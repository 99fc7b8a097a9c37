import type { ContainerSpec } from "@driver/libpod";
import { allCapabilities } from "../config/capability-names.ts";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { Report } from "../config/report.ts";

/** What a task asks for of that which an operator limits. Capabilities are without CAP_. */
export interface AskedRights {
  readonly privileged: boolean;
  readonly add: readonly string[];
  readonly drop: readonly string[];
  /** 0: as many processes as Podman gives it. */
  readonly pidsLimit: number;
}

/** What a container gets without a wish, and what the operator wants of it. */
export interface CeilingContext {
  readonly policy: OperatorPolicy;
  /** Without CAP_; of a container that asks for none. */
  readonly defaultCapabilities: readonly string[];
  readonly report: Report;
}

/**
 * The operator's part of a container, whatever its task asks for: Podman's default capabilities that are not allowed are taken away, and
 * the number of processes is limited. Pure.
 */
export function planCeilings(asked: AskedRights, { policy, defaultCapabilities, report }: CeilingContext): Partial<ContainerSpec> {
  const dropped = toDropped(asked, { policy, defaultCapabilities });
  const { pidsLimit: mostPids } = policy;
  if (mostPids !== undefined && asked.pidsLimit > mostPids) refusePids(asked.pidsLimit, mostPids, report);
  return {
    ...(dropped.length > 0 && { cap_drop: dropped }),
    ...(mostPids !== undefined && asked.pidsLimit === 0 && { resource_limits: { pids: { limit: mostPids } } }),
  };
}

function toDropped(
  { privileged, add, drop }: AskedRights,
  { policy: { caps }, defaultCapabilities }: Omit<CeilingContext, "report">,
): readonly string[] {
  if (caps === undefined || caps.includes(allCapabilities) || privileged || drop.includes(allCapabilities)) return [];
  return defaultCapabilities.filter((name) => !caps.includes(name) && !drop.includes(name) && !add.includes(name));
}

function refusePids(wanted: number, most: number, report: Report): void {
  report.refuse({
    key: "pids_limit",
    value: wanted,
    problem: `is more than the ${most} that this client allows`,
    remedy: `the client's operator can allow it with pids_limit in the plugin's config`,
  });
}
