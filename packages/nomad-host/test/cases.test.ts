import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { createHclParser, loadWasm } from "@driver/hcl";

import { JobFileError, loadJob } from "../src/index.ts";
import type { Job } from "../src/index.ts";
import { toConfigNames } from "../src/run/env/config-names.ts";
import { fillConfig } from "../src/run/env/fill-config.ts";
import { planTemplates, readTemplateEnv } from "../src/run/env/plan-templates.ts";
import { buildTaskEnv } from "../src/run/env/task-env.ts";
import { planLifecycle } from "../src/run/lifecycle/plan-lifecycle.ts";
import { plainOptions } from "./job/job-text.ts";
import { throwProblem } from "./throw-problem.ts";

const folder = join(import.meta.dirname, "cases");
const parse = await createHclParser(loadWasm, { name: "config", text: "" });

async function load(name: string, varFiles: readonly string[] = []): Promise<Job> {
  const files = varFiles.map((file) => join(folder, file));
  return loadJob(join(folder, name), { ...plainOptions, varFiles: files });
}

/** Environment and config of the only task, as they reach the driver. */
async function start(name: string, varFiles: readonly string[] = []) {
  const job = await load(name, varFiles);
  const task = job.groups[0]?.tasks[0];
  assert.ok(task !== undefined);
  const env = buildTaskEnv(
    {
      ...{ allocId: "00000000-0000", allocIndex: 0, jobId: job.id, jobName: job.name, groupName: "g", taskName: task.name },
      ...{ namespace: "default", region: "global", datacenter: "dc1", cpusetCpus: "", ports: [] },
      resources: task.resources,
      meta: { ...job.meta, ...job.groups[0]?.meta, ...task.meta },
      env: task.env,
      templateEnv: readTemplateEnv(task, throwProblem),
    },
    new Map(),
  );
  const config = await fillConfig(task.config, { names: toConfigNames(env, new Map()), parse, report: throwProblem });
  return { job, task, env, args: config.attributes.find((attribute) => attribute.name === "args")?.value };
}

const values: readonly (readonly [name: string, args: unknown])[] = [
  ["dollar-escapes-in-config", ["%s\n", "1 k v", "2 ${KNOWN}", "3 $${KNOWN}"]],
  ["format-g-verb", ["1e+08", "1e-05", "2.5"]],
  ["format-rounding", ["A=2", "B=0.2", "C=1.12"]],
  ["locals-twice", [2]],
];

for (const [name, args] of values) {
  test(`${name}: the arguments are Nomad's`, async () => assert.deepEqual((await start(`${name}.nomad.hcl`)).args, args));
}

const envs: readonly (readonly [name: string, env: Readonly<Record<string, string>>])[] = [
  ["env-names-kept", { "a-b": "1", "7z": "2", "x/y": "3" }],
  ["env-unknown-dotted-name", { JAVA_OPTS: "-Dtmp=${java.io.tmpdir}", LEVEL: "${log}" }],
  ["bare-unknown-name", { A: "${nope}", B: "${foo.bar}", C: "true" }],
  ["env-template-comments", { PORT: "8080", URL: "http://x/#frag", NAME: "its", PW: "a" }],
  ["template-destination-task-dir", { COLOUR: "green" }],
];

for (const [name, wanted] of envs) {
  test(`${name}: the environment is Nomad's`, async () => {
    const { env } = await start(`${name}.nomad.hcl`);
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((key) => [key, env[key]])), wanted);
  });
}

const failing: readonly (readonly [name: string, message: RegExp])[] = [
  ["dollar-escape-unknown-in-config", /^config args: echo hello|unknown variable name; a literal/],
  ["percent-escape-in-config", /^config args: %\{http_code\}: /],
  ["env-template-bad-lines", /line 1 of its variables: a name has letters, digits and \/ _ \. only, not "-"$/],
];

for (const [name, message] of failing) {
  test(`${name}: the task cannot start, and the reason is told`, async () => {
    await assert.rejects(start(`${name}.nomad.hcl`), { code: "job-invalid", message });
  });
}

const refused: readonly (readonly [name: string, problems: readonly (readonly [line: number, message: RegExp])[]])[] = [
  ["constraint-unknown-operator", [[6, /^constraint: operator "equals" is unknown; known are =, /]]],
  [
    "noted-argument-wrong-form",
    [
      [4, /^argument all_at_once in job "forms": must be true or false, not "sometimes"$/],
      [5, /^block node_pool in job "forms": must be an argument/],
      [9, /^argument constraint in group "forms": must be a block/],
    ],
  ],
  ["secret-reference", [[7, /^block secret in task "share": not supported: secret providers are not available here/]]],
  ["service-name-not-a-dns-label", [[8, /^service "my_service": a name has letters, digits and dashes/]]],
  ["service-unknown-key", [[6, /^argument nmae in service: unknown; did you mean "name"\?$/]]],
  ["template-empty-data", [[9, /^template: data is missing or empty$/]]],
  ["update-in-batch", [[5, /^block update: a batch job may not have one$/]]],
  ["update-twice", [[20, /^block update: group "wiki" has one already on line 9, and takes only one$/]]],
  ["variable-in-job", [[4, /^block variable in job: not allowed here; it belongs to the top of the file/]]],
  ["variable-type-any", [[3, /^type of variable "tags": any is no exact type/]]],
];

for (const [name, problems] of refused) {
  test(`${name}: is refused with every mistake at its place`, async () => {
    const error = await load(`${name}.nomad.hcl`).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof JobFileError);
    const all = [error, ...error.further];
    assert.deepEqual(
      all.map(({ position }) => position?.line),
      problems.map(([line]) => line),
    );
    for (const [index, [, message]] of problems.entries()) assert.match(all[index]?.message ?? "", message);
  });
}

const accepted = [
  ["affinity-unknown-dotted-name.nomad.hcl", "config-key-user.nomad.hcl", "docker-spellings.nomad.hcl", "image-name-with-space.nomad.hcl"],
  ["json-zero-delay.nomad.json", "kill-timeout-number.nomad.hcl", "leader-on-prestart-sidecar.nomad.hcl"],
  ["task-restart-that-does-not-fit.nomad.hcl", "uuid-in-locals.nomad.hcl"],
].flat();

for (const name of accepted) test(`${name}: the job file is right`, async () => void (await load(name)));

test("json-zero-delay: zero is a value", async () => {
  const group = (await load("json-zero-delay.nomad.json")).groups[0];
  assert.deepEqual(group?.tasks[0]?.restart, { attempts: 2, intervalMs: 60_000, delayMs: 0, mode: "fail" });
  assert.equal(group?.tasks[0]?.killTimeoutMs, 0);
});

test("kill-timeout-number: a number is nanoseconds", async () => {
  assert.equal((await load("kill-timeout-number.nomad.hcl")).groups[0]?.tasks[0]?.killTimeoutMs, 30_000);
});

test("leader-on-prestart-sidecar: its end ends the group", async () => {
  const group = (await load("leader-on-prestart-sidecar.nomad.hcl")).groups[0];
  assert.ok(group !== undefined);
  assert.equal(planLifecycle(group).leader?.name, "pause");
});

test("uuid-in-locals: each reading gives another one", async () => {
  const first = (await load("uuid-in-locals.nomad.hcl")).meta["run"];
  assert.match(first ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual((await load("uuid-in-locals.nomad.hcl")).meta["run"], first);
});

test("var-file-json: values come from JSON", async () => {
  assert.deepEqual((await start("var-file-json.nomad.hcl", ["var-file-json.vars.json"])).args, ["json", '["x","y"]', 5]);
});

test("template-destination-task-dir: the file lies in the task's folder", async () => {
  const { task } = await start("template-destination-task-dir.nomad.hcl");
  assert.deepEqual(
    planTemplates(task, { scope: new Map(), report: throwProblem }).map(({ path }) => path),
    ["notify/env"],
  );
});

test("every case is looked at", () => {
  const tested = [values, envs, failing, refused].flatMap((table) => table.map(([name]) => `${name}.nomad.hcl`));
  const elsewhere = ["agent-config.json", "agent-quoted-keys.hcl", "var-file-json.nomad.hcl", "var-file-json.vars.json"];
  assert.deepEqual(readdirSync(folder).toSorted(), [...tested, ...accepted, ...elsewhere].toSorted());
});
