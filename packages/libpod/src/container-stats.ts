import { JsonReader } from "./json-reader.ts";

/** What Podman has counted for one running container. */
export interface ContainerStats {
  readonly containerId: string;
  /** CPU time since its start. */
  readonly cpuNs: number;
  /** The part of it that was spent in the kernel. */
  readonly cpuSystemNs: number;
  /** Memory in use; page cache that can be dropped at once does not count. */
  readonly memoryBytes: number;
}

/** One report of the statistics stream, or the text of the error that Podman puts into one; empty where that lost its text. */
export type StatsReport = { readonly containers: readonly ContainerStats[] } | { readonly error: string };

/** Decodes one line of `GET /containers/stats`; a member of a wrong type is a JsonShapeError. */
export function decodeStatsReport(value: unknown): StatsReport {
  const reader = new JsonReader(value, "statistics report");
  // Podman writes Go's error values as they are: an object without members, as a rule.
  if (reader.has("Error")) return { error: toErrorText(reader.raw("Error")) };
  return { containers: reader.list("Stats").map(decodeStats) };
}

function toErrorText(error: unknown): string {
  if (typeof error === "string") return error;
  const text = JSON.stringify(error);
  return text === "{}" ? "" : text;
}

function decodeStats(value: unknown): ContainerStats {
  const reader = new JsonReader(value, "statistics");
  return {
    containerId: reader.requiredString("ContainerID"),
    cpuNs: reader.number("CPUNano"),
    cpuSystemNs: reader.number("CPUSystemNano"),
    memoryBytes: reader.number("MemUsage"),
  };
}
