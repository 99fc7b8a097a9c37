import assert from "node:assert/strict";
import { test } from "node:test";

import { JobFileError } from "../../src/index.ts";
import { loadText } from "../job/job-text.ts";
import { jobVariations } from "./job-variations.ts";
import recorded from "./nomad-answers.json" with { type: "json" };

/** Where another answer than the recorded Nomad's is meant. */
const ours: Readonly<Record<string, string>> = {
  'service task: lifecycle {| hook = "prestart" |}': "Nomad refuses a group without a main task from 2.0.6 on",
  'service task: lifecycle {| hook = "poststop" ;; sidecar = true |}': "as above",
};

const answers: Readonly<Record<string, string | undefined>> = recorded.answers;

async function verdictOf(text: string): Promise<JobFileError | undefined> {
  try {
    await loadText(text);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JobFileError, String(error));
    return error;
  }
}

for (const { name, text } of jobVariations) {
  const answer = answers[name];
  test(`answers as ${recorded.version}: ${name}`, async () => {
    assert.ok(answer !== undefined, "no answer is recorded: run packages/nomad-host/test/oracle/record-answers.ts");
    const refusal = await verdictOf(text);
    if (refusal?.code === "unsupported" && answer === "valid") return;
    const isValid = name in ours ? answer !== "valid" : answer === "valid";
    assert.equal(refusal === undefined, isValid, `Nomad: ${answer}; here: ${refusal?.message ?? "valid"}`);
  });
}

test("no recorded answer is without its job", () => {
  const names = new Set(jobVariations.map(({ name }) => name));
  assert.deepEqual(
    Object.keys(answers).filter((name) => !names.has(name)),
    [],
  );
  assert.equal(names.size, jobVariations.length);
});
