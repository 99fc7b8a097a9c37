import assert from "node:assert/strict";
import { test } from "node:test";

import { nextLaunch, normalizeCron } from "@driver/nomad-host";

import recorded from "./reference-answers.json" with { type: "json" };
import { cronQuestions, neverLaunched } from "./cron-questions.ts";

interface Answer {
  readonly times?: readonly string[];
  readonly problem?: string;
}

const answers: readonly Answer[] = recorded.answers.crons;

/** The next times, as many as the recorded ones, and one more where these have ended. */
function timesOf(cron: string, zone: string, from: string, count: number): readonly string[] {
  const times: string[] = [];
  for (let at = nextLaunch({ crons: [cron], timeZone: zone }, new Date(from)); at !== undefined && times.length < count;) {
    times.push(at.toISOString().replace(".000", ""));
    at = nextLaunch({ crons: [cron], timeZone: zone }, at);
  }
  return times;
}

for (const [index, { cron, zone, from }] of cronQuestions.entries()) {
  test(`launches as ${recorded.versions.cron}: ${cron} in ${zone} from ${from}`, () => {
    const answer = answers[index];
    assert.ok(answer !== undefined, "no answer is recorded: run e2e/cli-oracle/record-references.ts");
    const normalized = normalizeCron(cron);
    if (neverLaunched.includes(cron)) {
      assert.deepEqual(answer, {});
      assert.match("problem" in normalized ? normalized.problem : "", /ends before it begins: Nomad takes it and never launches$/);
      return;
    }
    assert.equal("problem" in normalized, answer.problem !== undefined, JSON.stringify([normalized, answer]));
    if (!("problem" in normalized)) assert.deepEqual(timesOf(cron, zone, from, 6), answer.times ?? []);
  });
}

test("every recorded answer has its question", () => assert.equal(answers.length, cronQuestions.length));

test("a launch by the zone Local is by this machine's", () => {
  const from = new Date("2026-03-28T12:00:00Z");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  assert.deepEqual(nextLaunch({ crons: ["30 4 * * *"], timeZone: "Local" }, from), nextLaunch({ crons: ["30 4 * * *"], timeZone }, from));
});
