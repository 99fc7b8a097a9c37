import type { MessageInitShape } from "@bufbuild/protobuf";
import { CPUUsage_Fields as CpuField, MemoryUsage_Fields as MemoryField } from "../gen/driver_types_forms.ts";
import type {
  CPUUsage,
  CPUUsage_Fields as CpuFieldNumber,
  CPUUsageSchema,
  MemoryUsage as MemoryMessage,
  MemoryUsage_Fields as MemoryFieldNumber,
  MemoryUsageSchema,
  TaskStats as StatsMessage,
  TaskStatsSchema,
} from "../gen/driver_types_pb.ts";
import type { CpuUsage, MemoryUsage, TaskStats } from "../task-driver.ts";
import { toFinite, toUint64 } from "./numbers.ts";
import { fromTimestampToNs, toTimestampFromNs } from "./time.ts";

/** One sample as its message; the agent hides what is not listed as measured. A plugin sends what `encodeStats` makes of it at once. */
export function toStatsMessage(stats: TaskStats): MessageInitShape<typeof TaskStatsSchema> {
  return {
    timestamp: toTimestampFromNs(stats.timestampNs),
    aggResourceUsage: { cpu: toCpuMessage(stats.cpu), memory: toMemoryMessage(stats.memory) },
  };
}

/** One sample from its message. */
export function fromStatsMessage(message: StatsMessage): TaskStats {
  const usage = message.aggResourceUsage;
  return { timestampNs: fromTimestampToNs(message.timestamp), cpu: fromCpuMessage(usage?.cpu), memory: fromMemoryMessage(usage?.memory) };
}

/** Each measure with its name here, on the wire, and in the list of what was measured. */
export const cpuMeasures = [
  ["systemPercent", "systemMode", CpuField.SYSTEM_MODE],
  ["userPercent", "userMode", CpuField.USER_MODE],
  ["totalTicksMhz", "totalTicks", CpuField.TOTAL_TICKS],
  ["throttledPeriods", "throttledPeriods", CpuField.THROTTLED_PERIODS],
  ["throttledTimeNs", "throttledTime", CpuField.THROTTLED_TIME],
  ["percent", "percent", CpuField.PERCENT],
] as const;

function toCpuMessage(cpu: CpuUsage): MessageInitShape<typeof CPUUsageSchema> {
  const measuredFields: CpuFieldNumber[] = [];
  // Loops, here and below, not chains of arrays: this runs for every task each second.
  for (const [name, , field] of cpuMeasures) if (cpu[name] !== undefined) measuredFields.push(field);
  return {
    systemMode: toFinite(cpu.systemPercent ?? 0),
    userMode: toFinite(cpu.userPercent ?? 0),
    totalTicks: toFinite(cpu.totalTicksMhz ?? 0),
    throttledPeriods: toUint64(cpu.throttledPeriods ?? 0),
    throttledTime: toUint64(cpu.throttledTimeNs ?? 0),
    percent: toFinite(cpu.percent ?? 0),
    measuredFields,
  };
}

function fromCpuMessage(message: CPUUsage | undefined): CpuUsage {
  if (message === undefined) return {};
  const measured = cpuMeasures.filter(([, , field]) => message.measuredFields.includes(field));
  return Object.fromEntries(measured.map(([name, wireName]) => [name, Number(message[wireName])]));
}

/** The same of memory. */
export const memoryMeasures = [
  ["rssBytes", "rss", MemoryField.RSS],
  ["cacheBytes", "cache", MemoryField.CACHE],
  ["maxUsageBytes", "maxUsage", MemoryField.MAX_USAGE],
  ["kernelUsageBytes", "kernelUsage", MemoryField.KERNEL_USAGE],
  ["kernelMaxUsageBytes", "kernelMaxUsage", MemoryField.KERNEL_MAX_USAGE],
  ["usageBytes", "usage", MemoryField.USAGE],
  ["swapBytes", "swap", MemoryField.SWAP],
] as const;

type MemoryInit = Partial<Record<(typeof memoryMeasures)[number][1], bigint>> & { readonly measuredFields: MemoryFieldNumber[] };

function toMemoryMessage(memory: MemoryUsage): MessageInitShape<typeof MemoryUsageSchema> {
  const message: MemoryInit = { measuredFields: [] };
  for (const [name, wireName, field] of memoryMeasures) {
    const value = memory[name];
    if (value === undefined) continue;
    message[wireName] = toUint64(value);
    message.measuredFields.push(field);
  }
  return message;
}

function fromMemoryMessage(message: MemoryMessage | undefined): MemoryUsage {
  if (message === undefined) return {};
  const measured = memoryMeasures.filter(([, , field]) => message.measuredFields.includes(field));
  return Object.fromEntries(measured.map(([name, wireName]) => [name, Number(message[wireName])]));
}
