import type { MessageInitShape } from "@bufbuild/protobuf";
import { CPUUsage_Fields as CpuField, MemoryUsage_Fields as MemoryField } from "../gen/driver_types_pb.ts";
import type {
  CPUUsage,
  CPUUsageSchema,
  MemoryUsage as MemoryMessage,
  MemoryUsageSchema,
  TaskStats as StatsMessage,
  TaskStatsSchema,
} from "../gen/driver_types_pb.ts";
import type { CpuUsage, MemoryUsage, TaskStats } from "../task-driver.ts";
import { toFinite, toUint64 } from "./numbers.ts";
import { fromTimestampToNs, toTimestampFromNs } from "./time.ts";

/** One sample as its message; the agent hides what is not listed as measured. */
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

const cpuFields = [
  CpuField.SYSTEM_MODE,
  CpuField.USER_MODE,
  CpuField.TOTAL_TICKS,
  CpuField.THROTTLED_PERIODS,
  CpuField.THROTTLED_TIME,
  CpuField.PERCENT,
];

function toCpuMessage(cpu: CpuUsage): MessageInitShape<typeof CPUUsageSchema> {
  return {
    systemMode: toFinite(cpu.systemPercent),
    userMode: toFinite(cpu.userPercent),
    totalTicks: toFinite(cpu.totalTicksMhz),
    throttledPeriods: toUint64(cpu.throttledPeriods),
    throttledTime: toUint64(cpu.throttledTimeNs),
    percent: toFinite(cpu.percent),
    measuredFields: cpuFields,
  };
}

function fromCpuMessage(message: CPUUsage | undefined): CpuUsage {
  return {
    systemPercent: message?.systemMode ?? 0,
    userPercent: message?.userMode ?? 0,
    totalTicksMhz: message?.totalTicks ?? 0,
    throttledPeriods: Number(message?.throttledPeriods ?? 0n),
    throttledTimeNs: Number(message?.throttledTime ?? 0n),
    percent: message?.percent ?? 0,
  };
}

/** Each measure with its name here, on the wire, and in the list of what was measured. */
const memoryMeasures = [
  ["rssBytes", "rss", MemoryField.RSS],
  ["cacheBytes", "cache", MemoryField.CACHE],
  ["maxUsageBytes", "maxUsage", MemoryField.MAX_USAGE],
  ["kernelUsageBytes", "kernelUsage", MemoryField.KERNEL_USAGE],
  ["kernelMaxUsageBytes", "kernelMaxUsage", MemoryField.KERNEL_MAX_USAGE],
  ["usageBytes", "usage", MemoryField.USAGE],
  ["swapBytes", "swap", MemoryField.SWAP],
] as const;

type MemoryInit = Partial<Record<(typeof memoryMeasures)[number][1], bigint>> & { readonly measuredFields: MemoryField[] };

function toMemoryMessage(memory: MemoryUsage): MessageInitShape<typeof MemoryUsageSchema> {
  const message: MemoryInit = { measuredFields: [] };
  // A loop, not a chain of arrays: this runs for every task each second.
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
