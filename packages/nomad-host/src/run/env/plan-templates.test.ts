import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleTask, sampleTemplate } from "../../../test/sample-job.ts";
import { throwProblem } from "../../../test/throw-problem.ts";
import { planTemplates, readTemplateEnv } from "./plan-templates.ts";

const position = { line: 4, column: 3 };
const template = (destination: string, data = "x", env = false) => sampleTemplate(destination, data, { env, perms: "0600", position });
const taskWith = (...templates: ReturnType<typeof template>[]) => sampleTask("web", "", { templates });

const scope = new Map([
  ["NOMAD_META_dir", "data"],
  ["attr.x", "/up/x"],
]);

const destinations: readonly (readonly [string, string])[] = [
  ["local/app.conf", "web/local/app.conf"],
  ["/local/a/b", "web/local/a/b"],
  ["${NOMAD_TASK_DIR}/app.conf", "web/local/app.conf"],
  ["secrets/key", "web/secrets/key"],
  ["${NOMAD_SECRETS_DIR}/key", "web/secrets/key"],
  ["${NOMAD_ALLOC_DIR}/data/x", "alloc/data/x"],
  ["../alloc/data/x", "alloc/data/x"],
  ["env", "web/env"],
  [".env-cron", "web/.env-cron"],
  ["/etc/passwd", "web/etc/passwd"],
  ["/alloc/x", "web/alloc/x"],
  ["etc/${NOMAD_META_dir}/x", "web/etc/data/x"],
  ["local/${meta.dir}", "web/local/${meta.dir}"],
  ["local/../env", "web/env"],
  ["${attr.x}", "web/up/x"],
];

for (const [destination, path] of destinations) {
  test(`writes a template for ${destination} to ${path}`, () => {
    assert.deepEqual(planTemplates(taskWith(template(destination)), { scope, report: throwProblem }), [{ path, text: "x", mode: 0o600 }]);
  });
}

for (const destination of [
  "local/../../../etc/passwd",
  "../../x",
  "../other/local/x",
  "local",
  "local/",
  "secrets",
  "",
  "..",
  "../alloc",
]) {
  test(`refuses a template for ${JSON.stringify(destination)}`, () => {
    assert.throws(
      () => planTemplates(taskWith(template(destination)), { scope, report: throwProblem }),
      /must be a file in the task's folder or in \$\{NOMAD_ALLOC_DIR\}$/,
    );
  });
}

test("reads variables from templates that ask for it", () => {
  const task = taskWith(template("env", "A=1 # one\nexport B=two words", true), template("local/other", "Z=1"));
  assert.deepEqual(readTemplateEnv(task, throwProblem), { A: "1", B: "two words" });
});

test("names a line that is no variable", () => {
  assert.throws(() => readTemplateEnv(taskWith(template("local/env", "A=1\nnonsense", true)), throwProblem), {
    message: 'template "local/env", line 2 of its variables: there is no = in it',
    position,
  });
});
