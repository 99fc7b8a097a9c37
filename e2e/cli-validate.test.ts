import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { CliWorkplace } from "./cli-run.ts";

const cases = join(import.meta.dirname, "../packages/nomad-host/test/cases");
const examples = join(import.meta.dirname, "../examples");
/** Nothing is there: validate asks nobody. */
const env = { PATH: "/nowhere", XDG_RUNTIME_DIR: "/nowhere" };

/** Lines of the mistakes that each case has, with a part of what is said about them; none: the job is right. */
const verdicts: Readonly<Record<string, readonly (readonly [line: number, words: string])[]>> = {
  "affinity-unknown-dotted-name.nomad.hcl": [],
  "bare-unknown-name.nomad.hcl": [],
  "config-key-user.nomad.hcl": [[10, "it belongs into the task block"]],
  "constraint-unknown-operator.nomad.hcl": [[6, 'operator "equals" is unknown']],
  "docker-spellings.nomad.hcl": [],
  "dollar-escape-unknown-in-config.nomad.hcl": [[16, "unknown variable name"]],
  "dollar-escapes-in-config.nomad.hcl": [],
  "env-names-kept.nomad.hcl": [],
  "env-template-bad-lines.nomad.hcl": [[8, "line 1 of its variables"]],
  "env-template-comments.nomad.hcl": [],
  "env-unknown-dotted-name.nomad.hcl": [],
  "format-g-verb.nomad.hcl": [],
  "format-rounding.nomad.hcl": [],
  "image-name-with-space.nomad.hcl": [[14, "has a blank in it"]],
  "json-zero-delay.nomad.json": [],
  "kill-timeout-number.nomad.hcl": [],
  "leader-on-prestart-sidecar.nomad.hcl": [],
  "locals-twice.nomad.hcl": [],
  "noted-argument-wrong-form.nomad.hcl": [
    [4, "must be true or false"],
    [5, "must be an argument"],
    [9, "must be a block"],
  ],
  "percent-escape-in-config.nomad.hcl": [[15, "%{http_code}"]],
  "secret-reference.nomad.hcl": [[7, "secret providers are not available here"]],
  "service-name-not-a-dns-label.nomad.hcl": [[8, "a name has letters"]],
  "service-unknown-key.nomad.hcl": [[6, 'did you mean "name"?']],
  "task-restart-that-does-not-fit.nomad.hcl": [],
  "template-destination-task-dir.nomad.hcl": [],
  "template-empty-data.nomad.hcl": [[9, "data is missing or empty"]],
  "update-in-batch.nomad.hcl": [[5, "a batch job may not have one"]],
  "update-twice.nomad.hcl": [[20, "takes only one"]],
  "uuid-in-locals.nomad.hcl": [],
  "var-file-json.nomad.hcl": [],
  "variable-in-job.nomad.hcl": [[4, "belongs to the top of the file"]],
  "variable-type-any.nomad.hcl": [[3, "any is no exact type"]],
};

for (const [name, problems] of Object.entries(verdicts)) {
  test(`validate says of ${name} what is wrong with it: ${problems.length}`, async () => {
    await using workplace = await CliWorkplace.create();
    const variables = name === "var-file-json.nomad.hcl" ? ["-var-file", join(cases, "var-file-json.vars.json")] : [];
    const { code, stdout } = await workplace.run(["validate", "-json", ...variables, join(cases, name)], { env });
    const verdict: unknown = JSON.parse(stdout);
    assert(typeof verdict === "object" && verdict !== null && "errors" in verdict && Array.isArray(verdict.errors) && "valid" in verdict);
    const errors: readonly { readonly message: string; readonly line: number }[] = verdict.errors;
    assert.deepEqual(
      errors.map(({ line }) => line),
      problems.map(([line]) => line),
      stdout,
    );
    for (const [index, [, words]] of problems.entries()) assert(errors[index]?.message.includes(words), stdout);
    assert.deepEqual([verdict.valid, code], [problems.length === 0, problems.length === 0 ? 0 : 1]);
  });
}

test("every case has a verdict", () => {
  const jobs = readdirSync(cases).filter((name) => name.includes(".nomad."));
  assert.deepEqual(Object.keys(verdicts).toSorted(), jobs.toSorted());
});

test("the examples are valid, and nothing but that is said", async () => {
  await using workplace = await CliWorkplace.create();
  for (const name of readdirSync(examples)) {
    const path = join(examples, name);
    assert.deepEqual(await workplace.run(["validate", path], { env }), { code: 0, stdout: `${path}: valid\n`, stderr: "" });
  }
});

test("mistakes of the file and of the driver's config come together, each with its line", async () => {
  await using workplace = await CliWorkplace.create();
  const config = 'config {\n        image = "localhost/busybox:1"\n        comand = "true"\n      }';
  const job = await workplace.write(
    "job.hcl",
    `job "a" {\n  typo = 1\n  group "g" {\n    task "t" {\n      driver = "podman"\n      ${config}\n    }\n  }\n}\n`,
  );
  const { code, stdout, stderr } = await workplace.run(["validate", job], { env });
  assert.match(
    stderr,
    /job\.hcl:2:3: argument typo in job "a": unknown.*\n2 \| .*\n.*\n.*job\.hcl:8:9: config key comand is unknown.*\n8 \| /,
  );
  assert.deepEqual([code, stdout], [1, ""]);
});

test("deprecated keys, and such that have no effect, are told with their lines, and are no mistakes", async () => {
  await using workplace = await CliWorkplace.create();
  const keys = 'image = "localhost/busybox:1"\n        port_map { http = 80 }\n        cpu_cfs_period = 50000';
  const job = await workplace.write(
    "job.hcl",
    'job "a" {\n  group "g" {\n    network {\n      port "http" {}\n    }\n    task "t" {\n      driver = "podman"\n' +
      `      config {\n        ${keys}\n      }\n    }\n  }\n}\n`,
  );
  assert.deepEqual(await workplace.run(["validate", job], { env }), {
    code: 0,
    stdout: `${job}: valid\n`,
    stderr:
      `${job}:10:9: note: config key port_map is deprecated: use ports\n` +
      `${job}:11:9: note: cpu_cfs_period is not used: the task does not set cpu_hard_limit\n`,
  });
});

/** An agent's file with this in the plugin's config. */
const agentText = (config: string): string => `plugin "nomad-driver-podman" {\n  config {\n    ${config}\n  }\n}\n`;

test("an agent's plugin block is checked, alone or beside a job", async () => {
  await using workplace = await CliWorkplace.create();
  const right = await workplace.write("right.hcl", agentText('socket {\n      host_user = "somebody-there"\n    }\n    oom_score_adj = 5'));
  const told = await workplace.run(["validate", "-plugin-config", right], { env });
  assert.deepEqual([told.code, told.stdout], [0, `${right}: valid\n`]);
  const mistakes = 'gc {\n      image_high_water = 500\n    }\n    client_http_timeout = "soon"';
  const wrong = await workplace.write("wrong.hcl", agentText(mistakes));
  const job = await workplace.write("job.hcl", 'job "a" {\n  typo = 1\n}\n');
  const { code, stdout, stderr } = await workplace.run(["validate", "-plugin-config", wrong, job], { env });
  assert.match(
    stderr,
    /wrong\.hcl:4:7: plugin config: config key gc\.image_high_water: 500 .*\n4 \| [^]*wrong\.hcl:6:5: .*"soon".*\n6 \| [^]*job\.hcl:2:3: /,
  );
  assert.deepEqual([code, stdout], [1, ""]);
});

test("an agent's file without this plugin's block is told like a mistake", async () => {
  await using workplace = await CliWorkplace.create();
  const agent = await workplace.write("agent.hcl", 'plugin "docker" {}\n');
  const { code, stdout } = await workplace.run(["validate", "-json", "-plugin-config", agent], { env });
  assert.match(stdout, /^\{"valid":false,"errors":\[\{"message":"this file does not configure the plugin [^\n]*"file":".*agent\.hcl"/);
  assert.equal(code, 1);
});

test("what cannot be read as a job is told like a mistake", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", 'job "a" {\n  = 1\n}\n');
  const { code, stdout, stderr } = await workplace.run(["validate", job], { env });
  assert.match(stderr, /job\.hcl:2:3: /);
  assert.deepEqual([code, stdout], [1, ""]);
  const { stdout: json } = await workplace.run(["validate", "-json", job], { env });
  assert.match(json, /^\{"valid":false,"errors":\[\{"message":".*","file":".*job\.hcl","line":2,"column":3\}\],"notes":\[\]\}\n$/);
});

test("validate has help, and says what is wrong with its command line", async () => {
  await using workplace = await CliWorkplace.create();
  assert.match((await workplace.run(["validate", "-h"], { env })).stdout, /^Usage: nomad-driver-podman validate/);
  const { code, stderr } = await workplace.run(["validate"], { env });
  assert.deepEqual([code, stderr], [1, "error: validate: no job file given; usage: nomad-driver-podman validate [options] FILE\n"]);
});
