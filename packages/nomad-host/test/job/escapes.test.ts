import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Task } from "../../src/index.ts";
import { interpolateConfig, interpolateText } from "../../src/run/env/interpolate.ts";
import { createJobFolder, failureOf, jobText, loadText, plainOptions } from "./job-text.ts";
import { loadJob } from "../../src/index.ts";

async function loadTask(task: string, top = ""): Promise<Task> {
  const job = await loadText(jobText({ task, top }));
  const loaded = job.groups[0]?.tasks[0];
  assert(loaded !== undefined);
  return loaded;
}

const scope = new Map([["NOMAD_TASK_NAME", "server"]]);

/** What the driver gets for `config { x = … }`. */
async function configOf(expression: string, top = ""): Promise<unknown> {
  const { config } = await loadTask(`config {\n  x = ${expression}\n}`, top);
  return interpolateConfig(config, scope).attributes[0]?.value;
}

const configs: readonly (readonly [expression: string, value: unknown, top?: string])[] = [
  ['"$${NOMAD_TASK_NAME} in ${NOMAD_TASK_NAME}"', "${NOMAD_TASK_NAME} in server"],
  ['"$${UNKNOWN}"', "${UNKNOWN}"],
  ['"%%{http_code} 100%"', "%{http_code} 100%"],
  ['"$$${NOMAD_TASK_NAME}"', "$${NOMAD_TASK_NAME}"],
  ['["-c", "echo $${HOME:-x}"]', ["-c", "echo ${HOME:-x}"]],
  ['{ "$${a}" = "$${b}" }', { "${a}": "${b}" }],
  ["<<EOT\necho $${HOME}\nEOT\n", "echo ${HOME}\n"],
  ['upper("a$${b}")', "A${B}"],
  ['join(" ", [local.script, var.word])', "${a} ${word}", 'locals {\n  script = "$${a}"\n}\nvariable "word" {\n  default = "$${word}"\n}'],
  ['base64encode("$${a}")', Buffer.from("${a}").toString("base64")],
  ['jsonencode({ a = "$${b}" })', '{"a":"${b}"}'],
  ['"$${a}" == "$${a}" ? "same" : "other"', "same"],
];

for (const [expression, value, top] of configs) {
  test(`config ${JSON.stringify(expression)} reaches the driver as ${JSON.stringify(value)}`, async () => {
    assert.deepEqual(await configOf(expression, top), value);
  });
}

test("env, meta and user keep the escape for the time when the task starts", async () => {
  const task = await loadTask('user = "$${u}"\nenv {\n  A = "$${NOMAD_TASK_NAME} %%{x}"\n}\nmeta = {\n  b = "$${m}"\n}');
  assert.deepEqual([task.user, task.env, task.meta], ["$${u}", { A: "$${NOMAD_TASK_NAME} %%{x}" }, { b: "$${m}" }]);
  assert.equal(interpolateText(task.env["A"] ?? "", scope), "${NOMAD_TASK_NAME} %{x}");
});

test("templates, names and all else are taken as they are, without the escape", async () => {
  const network = 'network {\n  port "p" {\n    host_network = "$${n}"\n  }\n}';
  const text = 'template {\n  data = "a $${b} %%{c}"\n  destination = "local/$${d}"\n}';
  const group = (await loadText(jobText({ group: network, task: text }))).groups[0];
  const task = group?.tasks[0];
  assert.equal(group?.network?.ports[0]?.hostNetwork, "${n}");
  assert.deepEqual([task?.templates[0]?.data, task?.templates[0]?.destination], ["a ${b} %{c}", "local/${d}"]);
});

test("a file's text is not searched for escapes when it is a template's data", async () => {
  await using folder = await createJobFolder();
  await folder.write("script", "echo $${HOME} %%{x}\n");
  const template = 'template {\n  data = file("script")\n  destination = "local/x"\n}';
  const path = await folder.write("job.hcl", jobText({ task: template }));
  const job = await loadJob(path, { ...plainOptions, baseDir: folder.path });
  assert.equal(job.groups[0]?.tasks[0]?.templates[0]?.data, "echo $${HOME} %%{x}\n");
});

test("messages show what was meant", async () => {
  const failure = await failureOf(loadText(jobText({ task: 'kill_timeout = "$${x}"' })));
  assert.match(failure.message, /not "\$\{x\}"$/);
});

test("any text that is escaped in the job file reaches the driver as it was", async () => {
  const unit = fc.constantFrom("$", "%", "{", "}", "a", " ", "é");
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 12 }), async (text) => {
      // A sign just before the escape belongs to it in the language itself.
      fc.pre(!/\$\$\{|%%\{/.test(text));
      const written = JSON.stringify(text).replace(/[$%](?=\{)/g, (sign) => sign + sign);
      assert.equal(await configOf(written), text);
    }),
    { numRuns: 60 },
  );
});
