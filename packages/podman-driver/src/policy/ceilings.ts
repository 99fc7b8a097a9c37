import type { ContainerSpec } from "@driver/libpod";
import { allCapabilities } from "../config/capability-names.ts";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { Report } from "../config/report.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { checkController } from "../topics/limits/check-controller.ts";

/** What a task asks for of that which an operator limits. Capabilities are without CAP_. */
export interface AskedRights {
  readonly privileged: boolean;
  readonly drop: readonly string[];
  /** 0: as many processes as Podman gives it. */
  readonly pidsLimit: number;
  /** Bytes, in all that apply on this engine; undefined: no limit. */
  readonly memoryLimitBytes: number | undefined;
  /** Memory and swap together; -1: no limit; undefined: as Podman gives it. */
  readonly swapBytes: number | undefined;
}

const mib = 1_048_576;

/** What a container gets without a wish and what its engine can hold, and what the operator wants of it. */
export interface CeilingContext {
  readonly policy: OperatorPolicy;
  readonly facts: Pick<EngineFacts, "defaultCapabilities" | "rootless" | "cgroupVersion" | "cgroupControllers">;
  readonly report: Report;
}

/**
 * The operator's part of a container, whatever its task asks for: Podman's default capabilities that are not allowed are taken away, the
 * number of processes is limited, and there is no swap where the operator wants none. Pure.
 */
export function planCeilings(asked: AskedRights, { policy, facts, report }: CeilingContext): Partial<ContainerSpec> {
  const dropped = toDropped(asked, { policy, facts });
  const { pidsLimit: mostPids } = policy;
  // Of a task's own wish it is only told that it is not held.
  if (mostPids !== undefined) checkController("pids", "pids_limit", { facts, report });
  if (mostPids !== undefined && asked.pidsLimit > mostPids) refusePids(asked.pidsLimit, mostPids, report);
  const limits = {
    ...(mostPids !== undefined && asked.pidsLimit === 0 && { pids: { limit: mostPids } }),
    ...(!policy.allowsSwap && toNoSwap(asked, report)),
  };
  return {
    ...(dropped.length > 0 && { cap_drop: dropped }),
    ...(Object.keys(limits).length > 0 && { resource_limits: limits }),
  };
}

/** What a task adds is allowed, or it has been refused. */
function toDropped(
  { privileged, drop }: AskedRights,
  { policy: { caps }, facts }: Omit<CeilingContext, "report">,
): readonly string[] {
  if (caps === undefined || caps.includes(allCapabilities) || privileged || drop.includes(allCapabilities)) return [];
  return facts.defaultCapabilities.filter((name) => !caps.includes(name) && !drop.includes(name));
}

function refusePids(wanted: number, most: number, report: Report): void {
  report.refuse({
    key: "pids_limit",
    value: wanted,
    problem: `is more than the ${most} that this client allows`,
    remedy: remedyOf("pids_limit"),
  });
}

/** Memory and swap are counted together, so that no more than the memory is no swap. Without a limit of memory Podman takes none. */
function toNoSwap(
  { memoryLimitBytes: limit, swapBytes: swap }: AskedRights,
  report: Report,
): { readonly memory?: { readonly swap: number } } {
  if (limit === undefined || swap === limit) return {};
  if (swap === undefined) return { memory: { swap: limit } };
  const problem = `is not the task's memory limit of ${limit / mib} MiB, and this client allows no swap`;
  report.refuse({ key: "memory_swap", problem, remedy: remedyOf("allow_swap = true") });
  return {};
}

function remedyOf(option: string): string {
  return `the client's operator can allow it with ${option} in the plugin's config`;
}
