import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "@driver/testing";
import { decodeAllocation } from "./allocation.ts";
import { listOf, textOf } from "./json-fields.ts";
import type { NomadAgent } from "./nomad-agent.ts";

const runTimeoutMs = 120_000;

/** The allocation of a job with one group. */
export interface PlacedGroup {
  readonly id: string;
  /** What the server says of it. */
  readonly report: unknown;
}

/** Registers a job that is written in HCL. */
export async function registerJob(agent: NomadAgent, text: string): Promise<void> {
  const job = await agent.api.post("/v1/jobs/parse", { JobHCL: text, Canonicalize: true });
  await agent.api.post("/v1/jobs", { Job: job });
}

/** Settles when the server knows that all of these tasks run: an agent that is killed before it has noted their start finds none. */
export async function untilPlaced(agent: NomadAgent, jobName: string, tasks: readonly string[]): Promise<PlacedGroup> {
  let found: PlacedGroup | undefined;
  await until(async () => {
    const [first] = listOf({ all: await agent.api.get(`/v1/job/${jobName}/allocations`) }, "all");
    if (first === undefined) return false;
    const id = textOf(first, "ID");
    const report = await agent.api.get(`/v1/allocation/${id}`);
    if (!tasks.every((task) => decodeAllocation(report, task).task?.state === "running")) return false;
    found = { id, report };
    return true;
  }, runTimeoutMs);
  return found ?? assert.fail("no allocation");
}

/** A file that a task has written to /alloc/data, once it is there and not empty. */
export async function readData(agent: NomadAgent, allocId: string, name: string): Promise<string> {
  const path = join(agent.allocFolder(allocId), "data", name);
  let text = "";
  await until(async () => (text = await readFile(path, "utf8").catch(() => "")).trim() !== "", runTimeoutMs);
  return text.trim();
}
