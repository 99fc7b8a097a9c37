import assert from "node:assert/strict";
import { test } from "node:test";

import type { WaitResult } from "@driver/nomad-plugin";

import type { JobType } from "../../job/job.ts";
import { sampleTask } from "../../../test/sample-job.ts";
import { chooseExitCode, hasFailed, toExitCode, wouldRestart } from "./task-outcome.ts";
import type { TaskOutcome } from "./task-outcome.ts";

const exit = (exitCode: number, changes: Partial<WaitResult> = {}): WaitResult => ({ exitCode, signal: 0, oomKilled: false, ...changes });

function outcome(result: WaitResult | undefined, changes: Partial<TaskOutcome> = {}): TaskOutcome {
  return { group: "g", allocIndex: 0, task: "t", role: "main", result, error: undefined, isStoppedByHost: false, ...changes };
}

const codes: readonly (readonly [string, WaitResult | undefined, number])[] = [
  ["success", exit(0), 0],
  ["exit code 3", exit(3), 3],
  ["exit code 137", exit(137), 137],
  ["an exit code that no shell can give", exit(256), 1],
  ["SIGKILL", exit(0, { signal: 9 }), 137],
  ["an error beside exit code 0", exit(0, { error: "host rebooted" }), 1],
  ["out of memory beside exit code 0", exit(0, { oomKilled: true }), 1],
  ["no result", undefined, 1],
];

for (const [what, result, code] of codes) {
  test(`${what} gives ${code}`, () => {
    assert.equal(toExitCode(outcome(result)), code);
    assert.equal(hasFailed(outcome(result)), code !== 0);
  });
}

const runs: readonly (readonly [string, readonly TaskOutcome[], boolean, number])[] = [
  ["all well", [outcome(exit(0))], false, 0],
  ["the first main task that failed counts", [outcome(exit(0)), outcome(exit(4)), outcome(exit(5))], false, 4],
  ["a main task counts before a prestart task", [outcome(exit(6), { role: "prestart" }), outcome(exit(7))], false, 7],
  ["a prestart task counts when no main task failed", [outcome(exit(6), { role: "prestart" })], false, 6],
  ["a task that was told to stop does not count", [outcome(exit(143), { isStoppedByHost: true })], false, 0],
  ["an interrupt", [outcome(exit(143), { isStoppedByHost: true })], true, 130],
  ["a failure before the interrupt", [outcome(exit(2))], true, 2],
];

for (const [what, outcomes, isInterrupted, code] of runs) {
  test(`${what}: exit code ${code}`, () => assert.equal(chooseExitCode(outcomes, isInterrupted), code));
}

const restart = { attempts: 2, intervalMs: 1, delayMs: 1, mode: "fail" as const };
const restarts: readonly (readonly [string, number, JobType, TaskOutcome, boolean])[] = [
  ["a batch task that failed", 2, "batch", outcome(exit(1)), true],
  ["a batch task that succeeded", 2, "batch", outcome(exit(0)), false],
  ["a service that ended with success", 2, "service", outcome(exit(0)), true],
  ["a prestart task of a service that succeeded", 2, "service", outcome(exit(0), { role: "prestart" }), false],
  ["a sidecar that ended", 2, "batch", outcome(exit(0), { role: "sidecar" }), true],
  ["a task that was told to stop", 2, "service", outcome(exit(1), { isStoppedByHost: true }), false],
  ["a task without attempts", 0, "batch", outcome(exit(1)), false],
];

for (const [what, attempts, jobType, result, expected] of restarts) {
  test(`an agent would ${expected ? "" : "not "}start again ${what}`, () => {
    assert.equal(wouldRestart(sampleTask("t", "", { restart: { ...restart, attempts } }), result, jobType), expected);
  });
}
