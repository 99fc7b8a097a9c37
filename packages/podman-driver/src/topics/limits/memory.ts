import type { MemoryLimits } from "@driver/libpod";
import type { TaskResources } from "@driver/nomad-plugin";
import { parseMemorySize } from "../../config/parse-memory-size.ts";
import type { EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";

const mib = 1_048_576;

/** With a limit on memory, cgroup v1 takes no -1 for the swap (podman 4.3 to 5.8); so much has no machine. */
const endlessSwapBytes = 2 ** 52;

export interface MemoryOptions {
  readonly memory_reservation?: string | undefined;
  readonly memory_swap?: string | undefined;
  readonly memory_swappiness?: number | undefined;
  readonly memory_hard_limit?: number | undefined;
}

/** Bytes, as Podman takes them; a `swap` of -1 is no limit. */
export type WantedMemory = MemoryLimits;

/** What the job's `resources` and the memory keys of the task come to. */
export function toMemory(resources: TaskResources, options: MemoryOptions, report: Report): WantedMemory {
  const hardLimitMb = toHardLimitMb(resources, options.memory_hard_limit ?? 0, report);
  const memory = ofResources(resources, hardLimitMb);
  const wished = toBytes("memory_reservation", options.memory_reservation, report);
  const swap = toSwap(memory.limit, options.memory_swap, report);
  const swappiness = toSwappiness(options.memory_swappiness, report);
  return {
    ...memory,
    ...(wished > 0 && { reservation: Math.min(wished, memory.reservation ?? Infinity) }),
    ...(swap !== undefined && { swap }),
    ...(swappiness !== undefined && { swappiness }),
  };
}

/** The limit that Nomad asks for; undefined: none. */
export function memoryLimitBytes(resources: TaskResources): number | undefined {
  return ofResources(resources, 0).limit;
}

/** The limits that an engine with this version of cgroups can hold, and what it cannot, in words for the job's author. */
export function fitMemory(
  { swappiness, swap, ...memory }: WantedMemory,
  { facts, report }: { readonly facts: EngineFacts; readonly report: Report },
): { readonly memory: MemoryLimits; readonly notices: readonly string[] } {
  const isFirst = facts.cgroupVersion === "v1";
  const { limit = Infinity, reservation = 0 } = memory;
  if (isFirst && reservation > limit) {
    report.refuse({
      key: "memory_reservation",
      problem: `is above the task's memory limit of ${limit / mib} MiB`,
      remedy: "it is for less than the limit",
    });
  }
  return {
    memory: {
      ...memory,
      ...(swap !== undefined && { swap: isFirst && swap === -1 ? endlessSwapBytes : swap }),
      ...(isFirst && swappiness !== undefined && { swappiness }),
    },
    // Every start would fail over it (podman 5.4, 6.1).
    notices: isFirst || swappiness === undefined ? [] : ["memory_swappiness is not applied: cgroup v2 has no such setting for one task"],
  };
}

/** `memory_max` is the limit where it is set, and `memory` is then what the kernel keeps for the task; -1: no limit (`nomad` 2.0.4). */
function ofResources({ memoryMb, memoryMaxMb }: TaskResources, hardLimitMb: number): Pick<MemoryLimits, "limit" | "reservation"> {
  const kept = memoryMb > 0 ? { reservation: memoryMb * mib } : {};
  if (memoryMaxMb === -1) return kept;
  const limitMb = Math.max(memoryMaxMb, hardLimitMb);
  if (limitMb > 0) return { limit: limitMb * mib, ...kept };
  return memoryMb > 0 ? { limit: memoryMb * mib } : {};
}

/** Docker's key from the time before `memory_max`; the larger of the two counts, as with Docker's driver. */
function toHardLimitMb({ memoryMb }: TaskResources, hardLimitMb: number, report: Report): number {
  const isExact = Number.isSafeInteger(hardLimitMb * mib);
  if (hardLimitMb === 0 || (hardLimitMb >= memoryMb && isExact)) return hardLimitMb;
  const problem = hardLimitMb < 0 || !isExact ? "is no limit" : `is below the task's memory of ${memoryMb} MiB`;
  report.refuse({
    key: "memory_hard_limit",
    value: hardLimitMb,
    problem,
    remedy: "write more MB than resources.memory, or use resources.memory_max",
  });
  return 0;
}

function toBytes(key: string, text: string | undefined, report: Report): number {
  return text === undefined ? 0 : report.attempt(key, 0, () => parseMemorySize(text, { key }));
}

/** Memory and swap together. Podman takes none without a limit of memory (podman 4.3 to 6.1). */
function toSwap(limit: number | undefined, text: string | undefined, report: Report): number | undefined {
  if (text === undefined) return undefined;
  const key = "memory_swap";
  const bytes = report.attempt<number | undefined>(key, undefined, () => parseMemorySize(text, { key, allowUnlimited: true }));
  if (bytes === undefined) return undefined;
  if (limit === undefined) {
    if (bytes !== -1) {
      report.refuse({
        key,
        value: text,
        problem: "needs a limit of memory, and the task has none",
        remedy: "set resources.memory, or remove the key",
      });
    }
    return undefined;
  }
  if (bytes === -1) return -1;
  // Podman on cgroup v2 takes 0 for: no swap.
  if (bytes === 0) return limit;
  if (bytes >= limit) return bytes;
  const remedy = "it counts memory and swap together: write the limit itself for no swap, more for some, or -1 for no limit";
  report.refuse({ key, value: text, problem: `is below the task's memory limit of ${limit / mib} MiB`, remedy });
  return undefined;
}

function toSwappiness(value: number | undefined, report: Report): number | undefined {
  if (value === undefined || (value >= 0 && value <= 100)) return value;
  report.refuse({ key: "memory_swappiness", value, problem: "is out of range", remedy: "0 to 100 would be right" });
  return undefined;
}
