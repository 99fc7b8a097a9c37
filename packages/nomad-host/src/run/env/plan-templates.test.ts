import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleTask } from "../../../test/sample-job.ts";
import { parseTemplateEnv, planTemplates } from "./plan-templates.ts";

const position = { line: 4, column: 3 };
const template = (destination: string, data = "x", env = false) => ({ data, destination, env, perms: "0600", position });
const taskWith = (...templates: ReturnType<typeof template>[]) => sampleTask("web", "", { templates });

const destinations: readonly (readonly [string, string])[] = [
  ["local/app.conf", "web/local/app.conf"],
  ["/local/a/b", "web/local/a/b"],
  ["${NOMAD_TASK_DIR}/app.conf", "web/local/app.conf"],
  ["secrets/key", "web/secrets/key"],
  ["${NOMAD_SECRETS_DIR}/key", "web/secrets/key"],
  ["${NOMAD_ALLOC_DIR}/data/x", "alloc/data/x"],
  ["../alloc/data/x", "alloc/data/x"],
];

for (const [destination, path] of destinations) {
  test(`writes a template for ${destination} to ${path}`, () => {
    assert.deepEqual(planTemplates(taskWith(template(destination))), [{ path, text: "x", mode: 0o600 }]);
  });
}

for (const destination of [
  "local/../../../etc/passwd",
  "app.conf",
  "/etc/passwd",
  "local",
  "local/",
  "${NOMAD_TASK_DIR}/${attr.x}",
  "${meta.dir}/x",
]) {
  test(`refuses a template for ${destination}`, () => {
    assert.throws(
      () => planTemplates(taskWith(template(destination))),
      /must be a file below local\/, secrets\/ or \$\{NOMAD_ALLOC_DIR\}\//,
    );
  });
}

test("reads variables from templates that ask for it", () => {
  const data = "# comment\n\nA=1\nexport B = two words \nC=\"quoted \"\nD=\nE='single'";
  const task = taskWith(template("local/env", data, true), template("local/other", "Z=1"));
  assert.deepEqual(parseTemplateEnv(task), { A: "1", B: "two words", C: "quoted ", D: "", E: "single" });
});

test("names a line that is no variable", () => {
  assert.throws(
    () => parseTemplateEnv(taskWith(template("local/env", "A=1\nnonsense", true))),
    /template: "nonsense" is not of the form NAME=value/,
  );
});
