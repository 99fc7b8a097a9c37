import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { inspectJob, loadJob } from "@driver/nomad-host";

import { askNomad, readNomadVersion } from "../cli-oracle/ask-nomad.ts";
import { jobVariations } from "../cli-oracle/job-variations.ts";
import recorded from "../cli-oracle/nomad-answers.json" with { type: "json" };

const nomad = process.env["NOMAD_BIN"] ?? "nomad";
const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const plain = { vars: {}, varFiles: [], env: {}, signal: new AbortController().signal };
const answers: Readonly<Record<string, string | undefined>> = recorded.answers;

test("the recorded answers are those of this Nomad", async (t) => {
  const version = await readNomadVersion(nomad);
  if (version !== recorded.version) t.diagnostic(`recorded are those of ${recorded.version}, this is ${version}`);
  const found = await askNomad(
    nomad,
    jobVariations.map(({ text }) => text),
  );
  const changed = jobVariations.filter(({ name }, index) => (found[index]?.isValid === true) !== (answers[name] === "valid"));
  assert.deepEqual(
    changed.map(({ name }) => name),
    [],
  );
});

/** What Nomad reads in a file, in the form of `nomad job run -json`. */
async function readByNomad(path: string): Promise<string> {
  const variables = path.endsWith("var-file-json.nomad.hcl") ? ["-var-file", path.replace(".nomad.hcl", ".vars.json")] : [];
  const form = path.endsWith(".json") ? ["-json"] : [];
  return (await run(nomad, ["job", "run", "-output", ...form, ...variables, path], { maxBuffer: 1 << 26 })).stdout;
}

/** A job without the places in its file. */
function withoutPlaces(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => (key === "position" || key === "notes" ? undefined : inner));
  return JSON.parse(text);
}

function byLabel(left: { readonly label: string }, right: { readonly label: string }): number {
  return left.label < right.label ? -1 : 1;
}

async function assertSameJob(path: string, folder: string): Promise<void> {
  const varFiles = path.endsWith("var-file-json.nomad.hcl") ? [path.replace(".nomad.hcl", ".vars.json")] : [];
  const ours = await loadJob(path, { ...plain, varFiles });
  const json = join(folder, "job.json");
  await writeFile(json, await readByNomad(path));
  const { job } = await inspectJob(json, plain);
  // A config block is one in HCL, and a list of objects in JSON; the schema makes the same of both.
  const comparable = (one: typeof job) =>
    one.groups.map((group) => ({
      ...group,
      // In JSON fixed ports stand apart from the others.
      ...(group.network === undefined ? {} : { network: { ...group.network, ports: group.network.ports.toSorted(byLabel) } }),
      tasks: group.tasks.map((task) => ({ ...task, config: [] })),
    }));
  assert.deepEqual(withoutPlaces([{ ...job, groups: comparable(job) }]), withoutPlaces([{ ...ours, groups: comparable(ours) }]), path);
}

test("a job means the same here and after Nomad has read it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "verdicts-"));
  try {
    let count = 0;
    for (const directory of ["examples", "packages/nomad-host/test/cases", "packages/nomad-host/test/job/jobs"]) {
      for (const name of await readdir(join(root, directory))) {
        const path = join(root, directory, name);
        const isRight = name.includes(".nomad.hcl") && !(await readFile(path, "utf8")).includes("uuidv4()");
        const problems = isRight
          ? await inspectJob(path, plain).then(
              ({ problems: found }) => found.all(),
              () => undefined,
            )
          : undefined;
        if (problems?.length !== 0) continue;
        await assertSameJob(path, folder);
        count += 1;
      }
    }
    const valid = jobVariations.filter(({ name, text }) => answers[name] === "valid" && !text.includes("uuidv4()"));
    for (const { text } of valid) {
      const path = join(folder, "job.nomad.hcl");
      await writeFile(path, text);
      const { problems } = await inspectJob(path, plain);
      if (problems.all().length > 0) continue;
      await assertSameJob(path, folder);
      count += 1;
    }
    assert.ok(count > 180, String(count));
  } finally {
    await rm(folder, { recursive: true });
  }
});
