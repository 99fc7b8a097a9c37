import assert from "node:assert/strict";
import { test } from "node:test";

import { inspectJob } from "../../src/index.ts";
import type { LoadJobOptions } from "../../src/index.ts";
import { createJobFolder, jobText, plainOptions } from "./job-text.ts";

type Parts = Parameters<typeof jobText>[0];

async function inspectText(text: string, options: Partial<LoadJobOptions> = {}) {
  await using folder = await createJobFolder();
  return await inspectJob(await folder.write("job.nomad.hcl", text), { ...plainOptions, ...options });
}

/** All that is wrong, as `line: message`. */
async function mistakesIn(parts: Parts, options: Partial<LoadJobOptions> = {}): Promise<readonly string[]> {
  const { problems } = await inspectText(jobText(parts), options);
  return problems.all().map(({ message, position }) => `${position?.line}: ${message}`);
}

/** Lines: 2 job, 3 in the job, 4 group, 5 in the group, 6 task, 7 driver, 8 in the task; each line of `top` moves all. */
const several: readonly (readonly [title: string, parts: Parts, mistakes: readonly RegExp[]])[] = [
  [
    "an expression and a key",
    { job: "typo = 1", task: "user = uper(1)" },
    [/^3: argument typo in job "web": unknown/, /^8: function uper: unknown; did you mean "upper"/],
  ],
  [
    "expressions of several keys, blocks and levels",
    { job: "meta {\n a = nope()\n }", group: "count = nope(1)", task: "env {\n A = local.x\n B = var.y\n }" },
    [/^4: function nope/, /^7: function nope/, /^11: local value "x": not declared/, /^12: variable "y": not declared/],
  ],
  [
    "several parts of one expression",
    { task: 'env = {\n A = nope()\n B = "${upper(1, 2)}-${var.y}"\n C = [1 + nope(), true ? nope(2) : 1]\n }' },
    [/^9: function nope/, /^10: function upper: takes 1/, /^10: variable "y"/, /^11: function nope/, /^11: function nope/],
  ],
  ["an unknown function and its arguments", { task: "user = nope(uper(1))" }, [/^8: function nope/, /^8: function uper/]],
  [
    "loops, the first element of each",
    { task: 'env = { for i in [1, 2] : "k${i}" => nope(i) }\n user = join("", [for i in nope() : i])' },
    [/^8: function nope/, /^9: function nope/],
  ],
  ["an unknown key with an expression that fails", { task: "typo = nope()" }, [/^8: argument typo .*unknown/, /^8: function nope/]],
  [
    "locals, and not what refers to them",
    { top: "locals {\n a = nope()\n b = local.a\n c = uper(1)\n }", task: 'env {\n A = local.a\n B = "x${local.b}"\n }\n user = [1]' },
    [/^2: function nope/, /^4: function uper/, /^16: argument user/],
  ],
  [
    "locals that need themselves, and others",
    { top: "locals {\n a = local.b\n b = local.a\n c = nope()\n }", task: "user = local.b" },
    [/^2: local value "a": needs itself: a → b → a$/, /^4: function nope/],
  ],
  [
    "variables, and not what refers to them",
    {
      top: 'variable "a" {\n type = any\n }\nvariable "b" {\n default = nope()\n }\nvariable "c" {\n }\nvariable "d" {\n typ = 1\n }',
      task: "env {\n A = var.a\n B = var.b\n C = var.c\n D = var.d\n }\n user = [1]",
    },
    [
      /^2: type of variable "a"/,
      /^5: function nope/,
      /^7: variable "c": has no value/,
      /^10: typ in block variable: unknown/,
      /^24: argument user/,
    ],
  ],
  [
    "strangers and a second job beside the job",
    { top: 'nope = 1\nstray "x" {\n }\njob "other" {\n }' },
    [
      /^1: argument nope: unknown at the top/,
      /^2: block stray: unknown at the top/,
      /^4: job "other": has no group/,
      /^6: block job: a file holds/,
    ],
  ],
  [
    "blocks of the top inside of the job, and not what refers to them",
    {
      job: 'variable "a" {\n default = "x"\n }',
      group: "locals {\n b = 1\n }",
      task: "user = var.a\n env {\n B = local.b\n }\n leader = [1]",
    },
    [/^3: block variable in job: not allowed here/, /^7: block locals in group: not allowed here/, /^16: argument leader/],
  ],
  [
    "dynamic blocks that cannot be expanded, and not that their blocks are missing",
    {
      group: 'dynamic "network" {\n for_each = nope()\n content {\n }\n }',
      task: 'dynamic "template" {\n for_each = 5\n content {\n }\n }',
    },
    [/^6: function nope/, /^13: argument for_each: needs a list or a map, not a number/],
  ],
  [
    "what cannot be evaluated is not called missing",
    { task: "template {\n data = nope()\n destination = nope(1)\n }\n lifecycle {\n hook = nope(2)\n }" },
    [/^9: function nope/, /^10: function nope/, /^13: function nope/],
  ],
  [
    "several functions of a template, and what is wrong in its actions",
    {
      task:
        'template {\n destination = "local/x"\n data = <<EOT\n' +
        '{{ nope }}{{ if key "a" }}{{ $x := 1 2 } }}{{ $x }}{{ end }}\n{{ secret "b" }}{{ . ^ }}{{ end }}\nEOT\n }',
    },
    [
      /^10: template, line 1 of its text: the function nope is unknown/,
      /^10: template, line 1 of its text: key: Consul is not available/,
      /^10: template, line 1 of its text: unexpected " *}/,
      /^10: template, line 2 of its text: secret: Vault is not available/,
      /^10: template, line 2 of its text: unexpected "\^/,
      /^10: template, line 2 of its text: unexpected end/,
    ],
  ],
  [
    "a variable of a template that is not declared, once",
    { task: 'template {\n destination = "local/x"\n data = "{{ $x = 1 }}{{ $x }}{{ $y }}{{ if $y }}{{ $y }}{{ end }}"\n }' },
    [/^10: template, line 1 of its text: the variable \$x is not declared$/, /^10: template, line 1 of its text: the variable \$y is not/],
  ],
];

for (const [title, parts, mistakes] of several) {
  test(`tells all mistakes at once: ${title}`, async () => {
    const found = await mistakesIn(parts);
    assert.equal(found.length, mistakes.length, found.join("\n"));
    for (const [index, mistake] of mistakes.entries()) assert.match(found[index] ?? "", mistake);
  });
}

test("a variable that gets a wrong value is told with its file, and not what refers to it", async () => {
  await using folder = await createJobFolder();
  const varFile = await folder.write("values.hcl", 'count = "x"\nnobody = 1\n');
  const top = 'variable "count" {\n type = number\n }\nvariable "name" {\n type = bool\n }';
  const text = jobText({ top, group: "count = var.count", task: "user = var.name\n leader = nope()" });
  const { problems } = await inspectText(text, { varFiles: [varFile], vars: { name: '"x"', other: "1" } });
  assert.deepEqual(
    problems.all().map(({ file, message }) => [file.replace(/^.*\//, ""), message.replace(/[;:] .*$/, "")]),
    [
      ["values.hcl", 'variable "count"'],
      ["values.hcl", 'variable "nobody"'],
      ["-var other", 'variable "other"'],
      ["-var name", 'variable "name"'],
      ["job.nomad.hcl", "function nope"],
    ],
  );
});

test("a task of which a part could not be evaluated is left out of what is looked at further", async () => {
  const second = 'task "second" {\n driver = "podman"\n }';
  const tasksOf = async (parts: Parts) =>
    (await inspectText(jobText(parts))).evaluated.groups.map(({ tasks }) => tasks.map(({ name }) => name));
  assert.deepEqual(await tasksOf({ group: second, task: "config {\n image = nope()\n }" }), [["second"]]);
  assert.deepEqual(await tasksOf({ group: second, task: "env {\n A = nope()\n }" }), [["second"]]);
  assert.deepEqual(await tasksOf({ group: `meta {\n a = nope()\n }\n${second}` }), [[]]);
  assert.deepEqual(await tasksOf({ job: "meta = nope()", group: second }), [[]]);
  assert.deepEqual(await tasksOf({ job: "priority = nope()", group: second }), [["second", "server"]]);
});
