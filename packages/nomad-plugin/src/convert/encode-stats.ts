import type { CpuUsage, MemoryUsage, TaskStats } from "../task-driver.ts";
import { toFinite } from "./numbers.ts";
import { cpuMeasures, memoryMeasures } from "./stats.ts";
import { toTimestampFromNs } from "./time.ts";

/** Types of what follows a tag. */
const varint = 0;
const bit64 = 1;
const delimited = 2;

/** Longer than any sample: 13 figures of at most 11 bytes, their list twice, a timestamp and the heads of five messages. */
const scratch = Buffer.allocUnsafeSlow(512);
/** Where what is written so far begins: a message is written from its end, so that each length is known where it stands. */
let at = scratch.length;

/**
 * One sample as a `TaskStatsResponse` on the wire: what `toStatsMessage` and the form come to, in a tenth of their time and without a
 * hundred small objects, since each task has one each second. A view of memory that the next sample is written to.
 */
export function encodeStats({ timestampNs, cpu, memory }: TaskStats): Uint8Array {
  at = scratch.length;
  putMemory(memory);
  putCpu(cpu);
  endMessage(3, scratch.length);
  const timestampEnd = at;
  const { seconds, nanos } = toTimestampFromNs(timestampNs);
  putUint(2, nanos);
  putUint(1, Number(seconds));
  endMessage(2, timestampEnd);
  endMessage(1, scratch.length);
  return scratch.subarray(at);
}

function putMemory(memory: MemoryUsage): void {
  const end = at;
  putUint(8, toWhole(memory.swapBytes));
  putUint(7, toWhole(memory.usageBytes));
  putMeasured(6, memoryMeasures, memory);
  putUint(5, toWhole(memory.kernelMaxUsageBytes));
  putUint(4, toWhole(memory.kernelUsageBytes));
  putUint(3, toWhole(memory.maxUsageBytes));
  putUint(2, toWhole(memory.cacheBytes));
  putUint(1, toWhole(memory.rssBytes));
  endMessage(2, end);
}

function putCpu(cpu: CpuUsage): void {
  const end = at;
  putMeasured(7, cpuMeasures, cpu);
  putDouble(6, toFinite(cpu.percent ?? 0));
  putUint(5, toWhole(cpu.throttledTimeNs));
  putUint(4, toWhole(cpu.throttledPeriods));
  putDouble(3, toFinite(cpu.totalTicksMhz ?? 0));
  putDouble(2, toFinite(cpu.userPercent ?? 0));
  putDouble(1, toFinite(cpu.systemPercent ?? 0));
  endMessage(1, end);
}

/** Which of the figures there are. */
function putMeasured<Name extends string>(
  number: number,
  measures: readonly (readonly [Name, string, number])[],
  figures: Readonly<Partial<Record<Name, number | undefined>>>,
): void {
  const end = at;
  for (let index = measures.length - 1; index >= 0; index -= 1) {
    const measure = measures[index];
    if (measure !== undefined && figures[measure[0]] !== undefined) putVarint(measure[2]);
  }
  if (at < end) endMessage(number, end);
}

/** What was written since `end` is field `number`, a message or a list. */
function endMessage(number: number, end: number): void {
  putVarint(end - at);
  putTag(number, delimited);
}

function putUint(number: number, value: number): void {
  if (value <= 0) return;
  putVarint(value);
  putTag(number, varint);
}

function putDouble(number: number, value: number): void {
  if (Object.is(value, 0)) return;
  at -= 8;
  scratch.writeDoubleLE(value, at);
  putTag(number, bit64);
}

function putTag(number: number, type: number): void {
  putVarint(number * 8 + type);
}

function putVarint(value: number): void {
  let lengthBytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) lengthBytes += 1;
  at -= lengthBytes;
  let rest = value;
  for (let index = at; index < at + lengthBytes - 1; index += 1) {
    scratch[index] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  scratch[at + lengthBytes - 1] = rest;
}

/** The largest below 2^64 that a number can be. */
const largestUint64 = 2 ** 64 - 2048;

/** As `toUint64`, as a number. */
function toWhole(value = 0): number {
  return Math.min(largestUint64, Math.max(0, Math.trunc(toFinite(value))));
}
