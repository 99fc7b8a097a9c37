import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { JobFileError, loadJob } from "@driver/nomad-host";

import { jobVariations } from "./job-variations.ts";
import type { Variation } from "./job-variations.ts";
import recorded from "./nomad-answers.json" with { type: "json" };
import { ourRefusals } from "./our-verdicts.ts";

/** Whether it is refused here, whatever Nomad says: a variation's name is its level and its part. */
function isOurs(name: string): boolean {
  return Object.hasOwn(ourRefusals, name.replace(/^[a-z ]+: /, ""));
}

const answers: Readonly<Record<string, string | undefined>> = recorded.answers;

const folder = await mkdtemp(join(tmpdir(), "verdicts-"));
after(() => rm(folder, { recursive: true }));

async function verdictOf({ text, format = "hcl" }: Variation): Promise<JobFileError | undefined> {
  try {
    const path = join(folder, `job.nomad.${format}`);
    await writeFile(path, text);
    await loadJob(path, { vars: {}, varFiles: [], env: {}, signal: new AbortController().signal });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof JobFileError, String(error));
    return error;
  }
}

for (const variation of jobVariations) {
  const { name } = variation;
  const answer = answers[name];
  test(`answers as ${recorded.version}: ${name}`, async () => {
    assert.ok(answer !== undefined, "no answer is recorded: run e2e/cli-oracle/record-answers.ts");
    const refusal = await verdictOf(variation);
    if (refusal?.code === "unsupported" && answer === "valid") return;
    const isValid = isOurs(name) ? answer !== "valid" : answer === "valid";
    assert.equal(refusal === undefined, isValid, `Nomad: ${answer}; here: ${refusal?.message ?? "valid"}`);
  });
}

test("every refusal of ours is of a variation that Nomad takes", () => {
  const taken = jobVariations.filter(({ name }) => isOurs(name) && answers[name] === "valid");
  assert.equal(taken.length, Object.keys(ourRefusals).length);
});

test("no recorded answer is without its job", () => {
  const names = new Set(jobVariations.map(({ name }) => name));
  assert.deepEqual(
    Object.keys(answers).filter((name) => !names.has(name)),
    [],
  );
  assert.equal(names.size, jobVariations.length);
});
