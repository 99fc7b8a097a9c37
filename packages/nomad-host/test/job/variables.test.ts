import assert from "node:assert/strict";
import { test } from "node:test";
import { loadJob } from "../../src/index.ts";
import type { LoadJobOptions } from "../../src/index.ts";
import { createJobFolder, failureOf, jobText, loadText, plainOptions } from "./job-text.ts";

/** A job whose task has the variable's value, as JSON, in its environment. */
function textWith(declaration: string): string {
  return jobText({ top: declaration, task: "env {\n  VALUE = jsonencode(var.value)\n}" });
}

async function valueOf(declaration: string, options: Partial<LoadJobOptions> = {}): Promise<unknown> {
  const job = await loadText(textWith(declaration), options);
  return JSON.parse(job.groups[0]?.tasks[0]?.env["VALUE"] ?? "null");
}

const typed: readonly (readonly [type: string, given: string, value: unknown])[] = [
  ["string", "5", "5"],
  ["string", "a = b, ${c}", "a = b, ${c}"],
  ["string", "", ""],
  ["number", "5.5", 5.5],
  ["number", "12345678901234", 12345678901234],
  ["bool", "true", true],
  ["bool", '"false"', false],
  ["bool", '"1"', true],
  ["set(number)", '[10, 9, "10"]', [9, 10]],
  ["list(string)", '["a", 1]', ["a", "1"]],
  ["set(string)", '["b", "a", "b"]', ["a", "b"]],
  ["map(number)", '{ a = 1, "b.c" = "2" }', { a: 1, "b.c": 2 }],
  ["object({ name = string, ports = list(number) })", '{ name = 1, ports = ["80"], more = true }', { name: "1", ports: [80] }],
  ["tuple([string, number])", '["a", "1"]', ["a", 1]],
];

for (const [type, given, value] of typed) {
  test(`takes -var value=${given} as ${type}`, async () => {
    assert.deepEqual(await valueOf(`variable "value" {\n  type = ${type}\n}`, { vars: { value: given } }), value);
  });
}

const mistyped: readonly (readonly [type: string, given: string, message: RegExp])[] = [
  ["number", "x", /^variable "value": must be a number, not "x"$/],
  ["bool", "1", /^variable "value": must be a bool, not 1$/],
  ["list(number)", '["a"]', /^variable "value": \[0\] must be a number, not "a"$/],
  ["list(string)", '"a"', /^variable "value": must be a list of string, not "a"$/],
  ["map(string)", "[]", /^variable "value": must be a map of string, not a list$/],
  ["object({ a = string })", "{}", /^variable "value": lacks a; it must be an object with a$/],
  ["tuple([string])", "[]", /^variable "value": must be a list of exactly 1 values, not a list$/],
  ["list(string)", "[", /./],
  ["list(string)", "[]\nother = 1", /must be one HCL expression/],
  ["list(string)", "[var.value]", /^name "var": nothing can be referred to here/],
  ["list", '["a"]', /^type list: needs the type of its elements, as in list\(string\)$/],
  ["list(any)", '["a", [1]]', /^type of variable "value": any is no exact type, which is needed here$/],
  ["strng", "x", /^type strng: unknown; did you mean "string"\?/],
  ["list(string, string)", "x", /^type: must be a type such as/],
  ["object(string)", "x", /needs its attributes/],
  ["object", "x", /^type object: needs its attributes, as in object/],
  ["tuple", "x", /^type tuple: needs a list of types, as in tuple/],
  ["list(string)", '[upper("a")]', /^function upper: nothing can be called here$/],
];

for (const [type, given, message] of mistyped) {
  test(`refuses -var value=${given} as ${type}`, async () => {
    const error = await failureOf(valueOf(`variable "value" {\n  type = ${type}\n}`, { vars: { value: given } }));
    assert.match(error.message, message);
    assert.ok(error.position);
  });
}

test("gives an untyped variable the type of its simple default", async () => {
  assert.equal(await valueOf('variable "value" {\n  default = 1\n}', { vars: { value: "2" } }), 2);
  assert.equal(await valueOf('variable "value" {\n  default = true\n}', { vars: { value: "false" } }), false);
  assert.equal(await valueOf('variable "value" {\n  default = "a"\n}', { vars: { value: "2" } }), "2");
  assert.equal(await valueOf('variable "value" {\n}', { vars: { value: "[2]" } }), "[2]");
});

test("ranks -var over variable files, later files over earlier, those over the environment, that over the default", async () => {
  await using folder = await createJobFolder();
  const first = await folder.write("first.hcl", 'value = "first"\n');
  const second = await folder.write("second.hcl", 'value = "second"\n');
  const declaration = 'variable "value" {\n  type = string\n  default = "default"\n}';
  const env = { NOMAD_VAR_value: "environment", NOMAD_VAR_unknown: "x" };
  assert.equal(await valueOf(declaration), "default");
  assert.equal(await valueOf(declaration, { env }), "environment");
  assert.equal(await valueOf(declaration, { env, varFiles: [first] }), "first");
  assert.equal(await valueOf(declaration, { env, varFiles: [first, second] }), "second");
  assert.equal(await valueOf(declaration, { env, varFiles: [first, second], vars: { value: "flag" } }), "flag");
});

test("converts values of variable files and names the file where they are wrong", async () => {
  await using folder = await createJobFolder();
  const declaration = 'variable "value" {\n  type = list(number)\n}';
  assert.deepEqual(await valueOf(declaration, { varFiles: [await folder.write("good.hcl", 'value = ["1", 2]\n')] }), [1, 2]);
  const bad = await folder.write("bad.hcl", '# note\nvalue = "x"\n');
  const error = await failureOf(valueOf(declaration, { varFiles: [bad] }));
  assert.equal(error.format(), `${bad}:2:1: variable "value": must be a list of number, not "x"\n2 | value = "x"\n  | ^`);
});

test("refuses what a variable file must not hold", async () => {
  await using folder = await createJobFolder();
  const declaration = 'variable "value" {\n  default = 1\n}';
  const block = await folder.write("block.hcl", 'variable "value" {}\n');
  const stranger = await folder.write("stranger.hcl", "valeu = 1\n");
  const missing = `${folder.path}/none.hcl`;
  const messages = await Promise.all(
    [block, stranger, missing].map(async (path) => (await failureOf(valueOf(declaration, { varFiles: [path] }))).message),
  );
  assert.deepEqual(messages, [
    "block variable: a variable file has only lines name = value; declare variables in the job file",
    'variable "valeu": the job file does not declare it; declared are value; did you mean "value"?',
    "read the file: there is no such file",
  ]);
});

const wrongDeclarations: readonly (readonly [declaration: string, message: RegExp])[] = [
  ['variable "value" {\n  type = string\n}', /^variable "value": has no value; give one with -var value=… or a default$/],
  ['variable "value" {\n  default = 1\n}\nvariable "value" {}', /^variable "value": declared already on line 1$/],
  ['variable "value" {\n  type = number\n  default = "x"\n}', /^default of variable "value": must be a number, not "x"$/],
  [
    'variable "value" {\n  defualt = 1\n}',
    /^defualt in block variable: unknown; known are type, default, description, validation; did you mean "default"\?$/,
  ],
  ['variable "value" {\n  default = local.x\n}', /nothing can be referred to here/],
  ['variable "a b" {}', /a name has letters/],
  ["variable {}", /needs one label/],
  [
    'variable "value" {\n  default = 1\n  validation {\n    condition = var.value > 1\n    error_message = "too small"\n  }\n}',
    /^variable "value": too small$/,
  ],
  ['variable "value" {\n  default = 1\n  validation {\n    condition = true\n  }\n}', /needs condition and error_message/],
  [
    'variable "value" {\n  default = 1\n  validation {\n    condition = local.x\n    error_message = "x"\n  }\n}',
    /^condition of variable "value": must refer to var\.value, and to nothing else$/,
  ],
  [
    'variable "value" {\n  default = 1\n  validation {\n    condition = var.value > 0\n    error_message = " "\n  }\n}',
    /^argument error_message: must not be empty or blank$/,
  ],
  ['variable "value" {\n  default = 1\n  validation "x" {}\n}', /^block validation: takes no label$/],
  ['variable "value" {\n  default = 1\n  description = []\n}', /^argument description: must be a string, not a list$/],
  ['variables "x" {\n  value = 1\n}', /^block variables: takes no label$/],
  ['variable "value" {\n  default = 1\n}\nlocals {\n  a = local.b\n  b = local.a\n}', /^local value "a": needs itself: a → b → a$/],
  ['variable "value" {\n  default = 1\n}\nlocals {\n  a = local.c\n}', /^local value "c": not declared in a locals block$/],
];

for (const [declaration, message] of wrongDeclarations) {
  test(`refuses ${declaration.replace(/\s+/g, " ")}`, async () => {
    const error = await failureOf(valueOf(declaration));
    assert.match(error.message, message);
    assert.ok(error.position);
  });
}

test("names a variable given with -var that nobody declares", async () => {
  const error = await failureOf(valueOf('variable "value" {\n  default = 1\n}', { vars: { valu: "2" } }));
  assert.equal(error.format(), '-var valu: variable "valu": the job file does not declare it; declared are value; did you mean "value"?');
});

test("evaluates local values in the order they need each other", async () => {
  const job = await loadText(
    jobText({ top: 'locals {\n  c = "${local.b}!"\n  b = upper(local["a"])\n}\nlocals {\n  a = "x"\n}', task: "user = local.c" }),
  );
  assert.equal(job.groups[0]?.tasks[0]?.user, "X!");
});

test("finds files from the base directory", async () => {
  await using folder = await createJobFolder();
  await folder.write("app.conf", "listen 80\n");
  const path = await folder.write("job.nomad.hcl", jobText({ task: 'env {\n  CONF = file("app.conf")\n}' }));
  const job = await loadJob(path, { ...plainOptions, baseDir: folder.path });
  assert.equal(job.groups[0]?.tasks[0]?.env["CONF"], "listen 80\n");
  assert.match((await failureOf(loadJob(path, plainOptions))).message, /^function file: there is no file /);
});
