import type { ContainerSpec } from "@driver/libpod";
import { allCapabilities } from "../config/capability-names.ts";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { Report } from "../topics/report.ts";

/** What a container gets without a wish, and what the operator wants of it. */
export interface CeilingContext {
  readonly policy: OperatorPolicy;
  /** Without CAP_; of a container that asks for none. */
  readonly defaultCapabilities: readonly string[];
  readonly report: Report;
}

/**
 * A container as the operator lets it be at most, also where its task asks for nothing: Podman's default capabilities that are not
 * allowed are taken away, and the number of processes is limited. Pure.
 */
export function applyCeilings(spec: ContainerSpec, { policy, defaultCapabilities, report }: CeilingContext): ContainerSpec {
  const dropped = toDropped(spec, { policy, defaultCapabilities });
  const pids = toPids(spec.resource_limits?.pids?.limit, policy.pidsLimit, report);
  return {
    ...spec,
    ...(dropped.length > 0 && { cap_drop: [...(spec.cap_drop ?? []), ...dropped] }),
    ...(pids !== undefined && { resource_limits: { ...spec.resource_limits, pids: { limit: pids } } }),
  };
}

function toDropped(
  { privileged, cap_drop: drop = [], cap_add: add = [] }: ContainerSpec,
  { policy: { caps }, defaultCapabilities }: Omit<CeilingContext, "report">,
): readonly string[] {
  if (caps === undefined || caps.includes(allCapabilities) || privileged === true || drop.includes(allCapabilities)) return [];
  return defaultCapabilities.filter((name) => !caps.includes(name) && !drop.includes(name) && !add.includes(name));
}

function toPids(wanted: number | undefined, most: number | undefined, report: Report): number | undefined {
  if (most === undefined) return undefined;
  if (wanted === undefined || (wanted <= most && wanted > 0)) return wanted ?? most;
  const problem = wanted > 0 ? `is more than the ${most} that this client allows` : `means no limit, and this client allows ${most}`;
  report.refuse({
    key: "pids_limit",
    value: wanted,
    problem,
    remedy: `the client's operator can allow it with pids_limit in the plugin's config`,
  });
  return most;
}
