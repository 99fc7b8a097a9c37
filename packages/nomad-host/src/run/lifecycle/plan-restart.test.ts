import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleTask } from "../../../test/sample-job.ts";
import type { JobType, RestartPolicy, TaskLifecycle } from "../../job/job.ts";
import { planRestart, restartsOnSuccess } from "./plan-restart.ts";
import type { RestartDecision, RestartSituation, TaskEnding } from "./plan-restart.ts";

const policy: RestartPolicy = { attempts: 2, intervalMs: 60_000, delayMs: 15_000, mode: "fail" };
const success: TaskEnding = { kind: "exited", isSuccessful: true };
const failure: TaskEnding = { kind: "exited", isSuccessful: false };
const refusal: TaskEnding = { kind: "start-failed", isRecoverable: false };
const hiccup: TaskEnding = { kind: "start-failed", isRecoverable: true };

const base: RestartSituation = {
  policy,
  restartsOnSuccess: false,
  state: { intervalStartMs: 1_000, count: 0 },
  nowMs: 2_000,
  random: 0,
};

const first: RestartDecision = {
  action: "restart",
  delayMs: 15_000,
  attempt: 1,
  isWithinPolicy: true,
  state: { intervalStartMs: 1_000, count: 1 },
};
const usedUp = { intervalStartMs: 1_000, count: 2 };
const none: RestartPolicy = { ...policy, attempts: 0 };
const patient: RestartPolicy = { ...policy, mode: "delay" };

const decisions: readonly (readonly [string, TaskEnding, Partial<RestartSituation>, RestartDecision])[] = [
  ["success of a batch task", success, {}, { action: "finish" }],
  ["success of a batch task without attempts", success, { policy: none }, { action: "finish" }],
  ["success of a service", success, { restartsOnSuccess: true }, first],
  [
    "success of a service without attempts",
    success,
    { restartsOnSuccess: true, policy: none },
    { action: "fail", reason: "no-attempts-allowed" },
  ],
  [
    "success of a service, attempts used up",
    success,
    { restartsOnSuccess: true, state: usedUp },
    { action: "fail", reason: "attempts-used-up" },
  ],
  ["a failure", failure, {}, first],
  ["a failure without attempts", failure, { policy: none }, { action: "fail", reason: "no-attempts-allowed" }],
  ["the second failure", failure, { state: { ...usedUp, count: 1 } }, { ...first, attempt: 2, state: usedUp }],
  ["one failure too many", failure, { state: usedUp }, { action: "fail", reason: "attempts-used-up" }],
  ["the last moment of the interval", failure, { state: usedUp, nowMs: 61_000 }, { action: "fail", reason: "attempts-used-up" }],
  ["the next interval", failure, { state: usedUp, nowMs: 61_001 }, { ...first, state: { intervalStartMs: 61_001, count: 1 } }],
  [
    "one failure too many in mode delay",
    failure,
    { state: usedUp, policy: patient, nowMs: 21_000 },
    { action: "restart", delayMs: 40_000, attempt: 3, isWithinPolicy: false, state: { ...usedUp, count: 3 } },
  ],
  ["a start that another try may help", hiccup, {}, first],
  ["one such start too many", hiccup, { state: usedUp }, { action: "fail", reason: "attempts-used-up" }],
  ["a start that nothing helps", refusal, {}, { action: "fail", reason: "start-unrecoverable" }],
  ["such a start in mode delay", refusal, { policy: patient }, { action: "fail", reason: "start-unrecoverable" }],
  ["such a start without attempts", refusal, { policy: none }, { action: "fail", reason: "no-attempts-allowed" }],
  ["most of the jitter", failure, { random: 0.999 }, { ...first, delayMs: 15_000 * (1 + 0.999 * 0.25) }],
  ["no delay, so no jitter", failure, { random: 0.999, policy: { ...policy, delayMs: 0 } }, { ...first, delayMs: 0 }],
];

for (const [what, ending, changes, expected] of decisions) {
  test(`${what}: ${expected.action}`, () => assert.deepEqual(planRestart(ending, { ...base, ...changes }), expected));
}

const everlasting: readonly (readonly [JobType, TaskLifecycle | undefined, boolean])[] = [
  ["service", undefined, true],
  ["system", undefined, true],
  ["batch", undefined, false],
  ["sysbatch", undefined, false],
  ["service", { hook: "prestart", sidecar: false }, false],
  ["batch", { hook: "prestart", sidecar: true }, true],
  ["service", { hook: "poststart", sidecar: false }, false],
  ["batch", { hook: "poststart", sidecar: true }, true],
  ["service", { hook: "poststop", sidecar: false }, false],
];

for (const [jobType, lifecycle, expected] of everlasting) {
  const part = lifecycle === undefined ? "main" : `${lifecycle.hook}${lifecycle.sidecar ? " sidecar" : ""}`;
  test(`a ${part} task of a ${jobType} job is ${expected ? "" : "not "}started again after success`, () => {
    assert.equal(restartsOnSuccess(sampleTask("t", "", { lifecycle }), jobType), expected);
  });
}
