import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { JobFileError, loadJob } from "@driver/nomad-host";

import { jobVariations } from "./job-variations.ts";
import type { Variation } from "./job-variations.ts";
import recorded from "./nomad-answers.json" with { type: "json" };

/** Where another answer than the recorded Nomad's is meant, as docs/running-without-nomad.md says. */
const ours: Readonly<Record<string, string>> = {
  'batch task: template {| source = "local/x.tpl" ;; data = "y" ;; destination = "local/x" |}': "the client refuses it",
  'batch task: template {| data = "x" ;; destination = "local/x" ;; change_mode = "signal" ;; change_signal = "NOPE" |}': "as above",
  'batch task: kill_signal = "NOPE"': "no client has it",
  'batch task: kill_signal = "SIGNULL"': "it is no signal",
  'batch job: periodic {| cron = "5-1 * * * *" |}': "it is never launched",
  'json task: "Env": {"": "x"}': "no container can have it",
  'json group: "Networks": [{"DynamicPorts": [null]}]': "null is no block",
  'json group: "Networks": [{"ReservedPorts": [null]}]': "as above",
};

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
