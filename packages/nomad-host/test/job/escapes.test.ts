import assert from "node:assert/strict";
import { test } from "node:test";

import { createHclParser, loadWasm } from "@driver/hcl";
import fc from "fast-check";

import type { Task } from "../../src/index.ts";
import { loadJob } from "../../src/index.ts";
import { toConfigNames } from "../../src/run/env/config-names.ts";
import { fillConfig } from "../../src/run/env/fill-config.ts";
import { interpolateText } from "../../src/run/env/interpolate.ts";
import { RunError } from "../../src/run/run-error.ts";
import { throwProblem } from "../throw-problem.ts";
import { createJobFolder, failureOf, jobText, loadText, plainOptions } from "./job-text.ts";

async function loadTask(task: string, top = ""): Promise<Task> {
  const job = await loadText(jobText({ task, top }));
  const loaded = job.groups[0]?.tasks[0];
  assert(loaded !== undefined);
  return loaded;
}

const env = { NOMAD_TASK_NAME: "server", KNOWN: "k v", "a.b": "dotted" };
const nodeScope = new Map([["attr.kernel.name", "linux"]]);
const parse = await createHclParser(loadWasm, { name: "config", text: "" });

/** What the driver gets for `config { x = … }`. */
async function configOf(expression: string, top = ""): Promise<unknown> {
  const { config } = await loadTask(`config {\n  x = ${expression}\n}`, top);
  return (await fillConfig(config, { names: toConfigNames(env, nodeScope), parse, report: throwProblem })).attributes[0]?.value;
}

/** Values are those of Nomad 2.0.5: `nomad job run -output`, then its hclutils.ParseHclInterface. */
const configs: readonly (readonly [expression: string, value: unknown, top?: string])[] = [
  ['"$${NOMAD_TASK_NAME} in ${NOMAD_TASK_NAME}"', "server in server"],
  ['"1 $${KNOWN}"', "1 k v"],
  ['"2 $$${KNOWN}"', "2 ${KNOWN}"],
  ['"3 $$$${KNOWN}"', "3 $${KNOWN}"],
  ['"%%%{http_code} 100%"', "%{http_code} 100%"],
  ['["-c", "echo $$${HOME:-x}"]', ["-c", "echo ${HOME:-x}"]],
  ['{ "$$${a}" = "$${KNOWN}", "$${KNOWN}" = 1 }', { "${a}": "k v", "k v": 1 }],
  ["<<EOT\necho $$${HOME}\nEOT\n", "echo ${HOME}\n"],
  ['upper("a$${known}")', "Ak v"],
  [
    'join(" ", [local.script, var.word])',
    "k v server",
    'locals {\n  script = "$${KNOWN}"\n}\nvariable "word" {\n  default = "$${NOMAD_TASK_NAME}"\n}',
  ],
  ['jsonencode({ a = "$${KNOWN}" })', '{"a":"k v"}'],
  ['"$${upper(NOMAD_TASK_NAME)}-$${length([1, 2])}"', "SERVER-2"],
  ['"%%{ if KNOWN == \\"x\\" }yes%%{ else }no%%{ endif }"', "no"],
  ['"$${jsondecode(\\"[1]\\")}"', [1]],
  ['"${a.b} ${env["a.b"]} ${node.attr.kernel.name} ${attr.kernel.name}"', "dotted dotted linux linux"],
  ['"${ KNOWN }"', "k v"],
  ['"a\\\\nb $${KNOWN}"', "a\\nb k v"],
  ['"line\\n$${KNOWN}\\n"', "line\nk v\n"],
  ['"END $${KNOWN} \\nEND\\n"', "END k v \nEND\n"],
  ['"${KNOWN == "k v" ? 1 : 2}"', 2],
];

for (const [expression, value, top] of configs) {
  test(`config ${JSON.stringify(expression)} reaches the driver as ${JSON.stringify(value)}`, async () => {
    assert.deepEqual(await configOf(expression, top), value);
  });
}

const failing: readonly (readonly [expression: string, message: RegExp])[] = [
  ['"$${name}"', /^config x: \$\{name\}: unknown variable name; a literal \$\{…\} is written \$\$\$\{…\} here/],
  ["nope", /unknown variable nope/],
  ['"%%{http_code}"', /^config x: %\{http_code\}: /],
  ['"$${base64encode(KNOWN)}"', /function base64encode: there is none here; known are abs, /],
  ['"${HOME:-x}"', /./],
  ['"${attr.gpu.model}"', /attribute "gpu": the object has none of this name/],
  ['["a", { b = "$${KNOWN.x}" }]', /attribute "x": a string has no attributes/],
  ['"${vars.image}"', /unknown variable vars; .*; did you mean "var"\?$/],
];

for (const [expression, message] of failing) {
  test(`config ${expression} is refused at its place`, async () => {
    await assert.rejects(configOf(expression), (error) => {
      assert(error instanceof Error);
      assert.match(error.message, message);
      if (error instanceof RunError) assert.deepEqual(error.position, { line: 9, column: 3 });
      return true;
    });
  });
}

test("HCL and JSON of one job mean the same in config", async () => {
  const config = { x: "1 ${KNOWN} $${KNOWN} %%{x}", y: ["${upper(KNOWN)}"] };
  const task = { Name: "t", Driver: "podman", Config: config };
  const job = await loadText(JSON.stringify({ Job: { ID: "a", TaskGroups: [{ Name: "g", Tasks: [task] }] } }));
  const loaded = job.groups[0]?.tasks[0]?.config;
  assert(loaded !== undefined);
  const filled = await fillConfig(loaded, { names: toConfigNames(env, nodeScope), parse, report: throwProblem });
  assert.deepEqual(
    filled.attributes.map(({ value }) => value),
    ["1 k v ${KNOWN} %{x}", ["K V"]],
  );
});

test("env and meta hold what is stored, and have no escape when the task starts", async () => {
  const task = await loadTask('user = "$${u}"\nenv {\n  A = "$${NOMAD_TASK_NAME} %%{x} $$${y}"\n}\nmeta = {\n  b = "$${m}"\n}');
  assert.deepEqual([task.user, task.env, task.meta], ["${u}", { A: "${NOMAD_TASK_NAME} %{x} $${y}" }, { b: "${m}" }]);
  assert.equal(interpolateText(task.env["A"] ?? "", new Map(Object.entries(env))), "server %{x} $${y}");
});

/** Values of Nomad 2.0.5's `nomad job run -output`: braces behind an unknown name are doubled. */
const braces: readonly (readonly [text: string, value: string])[] = [
  ["${foo.bar}}y", "${foo.bar}}}y"],
  ["${foo.bar}}", "${foo.bar}}}"],
  ["${foo.bar} }", "${foo.bar} } }"],
  ["${foo.bar}a}", "${foo.bar}a}"],
  ["${foo.bar}}}", "${foo.bar}}}}}}"],
  ["${NOMAD_X}}${x.y}}z", "${NOMAD_X}}}${x.y}}}z"],
  ["}${foo.bar}", "}${foo.bar}"],
  ["{${foo.bar}}", "{${foo.bar}}}"],
  ["${ foo.bar  }}", "${ foo.bar    }}}"],
  ["${upper(foo.bar)}}", "${FOO.BAR}}"],
];

for (const [text, value] of braces)
  test(`braces behind an unknown name: ${text}`, async () => {
    assert.equal((await loadTask(`env {\n  A = "${text}"\n}`)).env["A"], value);
  });

test("an unknown name stays as text everywhere in a job", async () => {
  const group = 'shutdown_delay = "1s"\nmeta {\n  a = nope\n  b = "-D${java.io.tmpdir}"\n  c = try(foo.bar, "x")\n  d = can(foo.bar)\n}';
  const job = await loadText(jobText({ group, task: "user = nobody" }));
  assert.deepEqual(job.groups[0]?.meta, { a: "${nope}", b: "-D${java.io.tmpdir}", c: "${foo.bar}", d: "true" });
  assert.equal(job.groups[0]?.tasks[0]?.user, "${nobody}");
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

test("any text that is escaped for both evaluations reaches the driver as it was", async () => {
  const unit = fc.constantFrom("$", "%", "{", "}", "a", " ", "é", "\\", '"', "\n");
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 12 }), async (text) => {
      // A sign just before the escape belongs to it in the language itself.
      fc.pre(!/\$\$\{|%%\{/.test(text));
      const written = JSON.stringify(text).replace(/[$%](?=\{)/g, (sign) => sign + sign + sign);
      assert.equal(await configOf(written), text);
    }),
    { numRuns: 80 },
  );
});
