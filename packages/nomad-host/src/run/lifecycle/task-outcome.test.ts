import assert from "node:assert/strict";
import { test } from "node:test";

import type { WaitResult } from "@driver/nomad-plugin";

import { chooseExitCode, isSuccessful, toExitCode } from "./task-outcome.ts";
import type { TaskOutcome } from "./task-outcome.ts";

const exit = (exitCode: number, changes: Partial<WaitResult> = {}): WaitResult => ({ exitCode, signal: 0, oomKilled: false, ...changes });

function outcome(result: WaitResult | undefined, changes: Partial<TaskOutcome> = {}): TaskOutcome {
  const isFailed = result === undefined || !isSuccessful(result);
  const name = { group: "g", allocIndex: 0, task: "t" };
  return { ...name, role: "main", result, error: undefined, isStoppedByHost: false, isFailed, restarts: 0, ...changes };
}

const codes: readonly (readonly [string, WaitResult | undefined, number])[] = [
  ["success", exit(0), 0],
  ["exit code 3", exit(3), 3],
  ["exit code 137", exit(137), 137],
  ["an exit code that no shell can give", exit(256), 1],
  ["SIGKILL", exit(0, { signal: 9 }), 137],
  ["an error beside exit code 0", exit(0, { error: "host rebooted" }), 1],
  ["memory that ran out in a child, beside exit code 0", exit(0, { oomKilled: true }), 0],
  ["no result", undefined, 1],
];

for (const [what, result, code] of codes) {
  test(`${what} gives ${code}`, () => {
    assert.equal(toExitCode(outcome(result)), code);
  });
}

test("success that the restart policy counts as a failure gives 1", () => {
  assert.equal(toExitCode(outcome(exit(0), { isFailed: true })), 1);
});

const runs: readonly (readonly [string, readonly TaskOutcome[], boolean, number])[] = [
  ["all well", [outcome(exit(0))], false, 0],
  ["the first main task that failed counts", [outcome(exit(0)), outcome(exit(4)), outcome(exit(5))], false, 4],
  ["a main task counts before a prestart task", [outcome(exit(6), { role: "prestart" }), outcome(exit(7))], false, 7],
  ["a prestart task counts when no main task failed", [outcome(exit(6), { role: "prestart" })], false, 6],
  ["a task that was told to stop does not count", [outcome(exit(143), { isStoppedByHost: true, isFailed: false })], false, 0],
  ["an interrupt", [outcome(exit(143), { isStoppedByHost: true, isFailed: false })], true, 130],
  ["a failure before the interrupt", [outcome(exit(2))], true, 2],
];

for (const [what, outcomes, isInterrupted, code] of runs) {
  test(`${what}: exit code ${code}`, () => assert.equal(chooseExitCode(outcomes, isInterrupted), code));
}
