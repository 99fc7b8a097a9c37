import assert from "node:assert/strict";
import { test } from "node:test";
import { loadJob } from "../../src/index.ts";
import type { LoadJobOptions } from "../../src/index.ts";
import { createJobFolder, failureOf, jobText, plainOptions } from "./job-text.ts";

// What Nomad 2.0.5 makes of each: the value as JSON, or undefined where it refuses.

/** A variable of this body; whole declarations stay as they are. */
function toDeclaration(text: string): string {
  return /^(?:variable|locals)/.test(text) ? text : `variable "value" {\n${text}\n}`;
}

async function checkValue(declaration: string, value: string | undefined, options: Partial<LoadJobOptions> = {}): Promise<void> {
  await using folder = await createJobFolder();
  const text = jobText({ top: toDeclaration(declaration), task: "env {\n VALUE = jsonencode(var.value)\n}" });
  const loaded = loadJob(await folder.write("job.nomad.hcl", text), { ...plainOptions, ...options });
  if (value === undefined) await failureOf(loaded);
  else assert.equal((await loaded).groups[0]?.tasks[0]?.env["VALUE"], value);
}

function verb(value: unknown): string {
  return value === undefined || value === false ? "refuses" : "takes";
}

const declarations: readonly (readonly [declaration: string, value: string | undefined])[] = [
  ['variables "x" {\n value = 1\n}', undefined],
  ["variables {\n value = 1\n inner {\n }\n}", undefined],
  ['default = upper("a")', undefined],
  ['default = try("a","b")', undefined],
  ["default = [for x in [1]: x]", "[1]"],
  ['default = "${1}a"', '"1a"'],
  ["default = 1 + 1", "2"],
  ["default = true ? 1 : 2", "1"],
  ["default = var.x", undefined],
  ['variables {\n value = upper("a")\n}', undefined],
  ['default = "a"\ndescription = 5', '"a"'],
  ['default = "a"\ndescription = ["x"]', undefined],
  ['default = "a"\ndescription = null', undefined],
  ['default = "a"\ndescription = upper("x")', undefined],
  ['default = "a"\ndescription = "a${var.x}"', undefined],
  ['default = "a"\ndescription = true', '"a"'],
  ['default="a"\ndescription = "b${1}"', '"a"'],
  ['default = "abc"\nvalidation "x" {\ncondition = var.value != ""\nerror_message = "x"\n}', undefined],
  ['default = "abc"\nvalidation {\ncondition = var.value != ""\n}', undefined],
  ['default = "abc"\nvalidation {\nerror_message = "x"\n}', undefined],
  ['default = "abc"\nvalidation {\n}', undefined],
  ['default = "abc"\nvalidation {\ncondition = var.value != "x"\nerror_message = "x"\nmore=1\n}', undefined],
  ["type = object", undefined],
  ["type = tuple", undefined],
  ["type = map", undefined],
  ['type = "string"\ndefault="x"', undefined],
  ["type = object({a=optional(string)})\ndefault={}", undefined],
  ["type = list(string)\ndefault=null", "null"],
  ["type = string\ndefault = 5", '"5"'],
  ['type = bool\ndefault = "yes"', undefined],
  ['type=set(string)\ndefault=["b","a","b"]', '["a","b"]'],
  ['type=number\ndefault="0x10"', undefined],
  ["type=object({a=string,})\ndefault={a=1}", '{"a":"1"}'],
  ['variable "value" {\ntype=string\n}\nvariable "value" {\ntype=string\n}', undefined],
  ['variables {\n value=1\n}\nvariable "value" {\ndefault=2\n}', undefined],
  ['type=string\ndefault="a"\ntype=string', undefined],
  ['variable "value" "x" {\n default="a"\n}', undefined],
  ['variable {\n default="a"\n}', undefined],
  ['variable value {\n default="a"\n}', '"a"'],
  ['variable "1a" {\n default="a"\n}\nvariable "value" {\ndefault="x"\n}', undefined],
  ['variable "a.b" {\n default="a"\n}\nvariable "value" {\ndefault="x"\n}', undefined],
  ['variable "_a-b" {\n default="a"\n}\nvariable "value" {\ndefault="x"\n}', '"x"'],
  ['variable "é" {\n default="a"\n}\nvariable "value" {\ndefault="x"\n}', '"x"'],
  ['variable "" {\n default="a"\n}\nvariable "value" {\ndefault="x"\n}', undefined],
  ['locals "x" {\n a=1\n}\nvariable "value" {\ndefault="x"\n}', undefined],
  ['locals {\n a=1\n a=2\n}\nvariable "value" {\ndefault="x"\n}', undefined],
  ['locals {\n a {\n }\n}\nvariable "value" {\ndefault="x"\n}', undefined],
];

for (const [declaration, value] of declarations)
  test(`${verb(value)} the declaration ${JSON.stringify(declaration)}`, () => checkValue(declaration, value));

const given: readonly (readonly [declaration: string, given: string, value: string | undefined])[] = [
  ["default = []", '["a"]', undefined],
  ["default = []", "[]", "[]"],
  ['default = ["a","b"]', '["c","d"]', '["c","d"]'],
  ['default = ["a"]', "[1]", '["1"]'],
  ['default = ["a","b"]', '["c"]', undefined],
  ["default = {}", "{a=1}", "{}"],
  ["default = {a=1}", '{a="2",b=3}', '{"a":2}'],
  ["default = {a=1}", "{b=3}", undefined],
  ["default = null", "[1]", "[1]"],
  ["default = null", "abc", undefined],
  ["default = null", '"abc"', '"abc"'],
  ["", "[1]", '"[1]"'],
  ["default = 1", '"x"', undefined],
  ["default = 1", "2", "2"],
  ["default = true", "1", undefined],
  ["default = true", '"1"', "true"],
  ['default = "a"', "[1]", '"[1]"'],
  ["type = list(string)", 'split(",", "a")', undefined],
  ["type = list(string)", '[upper("a")]', undefined],
  ["type=bool", "true ", "true"],
  ["type=bool", "", undefined],
  ["type=list(string)", '["a",', undefined],
];

for (const [declaration, text, value] of given)
  test(`${verb(value)} -var value=${text} for ${JSON.stringify(declaration)}`, () =>
    checkValue(declaration, value, { vars: { value: text } }));

const files: readonly (readonly [declaration: string, name: string, text: string, value: string | undefined])[] = [
  ["default = []", "v.hcl", 'value = ["a"]', undefined],
  ['default = "x"', "v.hcl", "value = 5", '"5"'],
  ["default = 5", "v.hcl", 'value = "x"', undefined],
  ["default = 5", "v.hcl", 'value = "7"', "7"],
  ["default = true", "v.hcl", 'value = "yes"', undefined],
  ["default = {a=1}", "v.hcl", 'value = {a="x"}', undefined],
  ["type = string", "v.hcl", 'value = upper("a")', undefined],
  ["type=string", "v.hcl", "", undefined],
  ["type = string", "v.json", '{"value":"a","value":"b"}', undefined],
  ["type = string", "v.json", '{"value":"a","//":"note"}', '"a"'],
  ["type = map(string)", "v.json", '{"value":{"a":"b","a":"c"}}', undefined],
  ["type = string", "v.hcl", '{"value":"a"}', '"a"'],
  ["type = string", "v.json", '\n{"value":"a"}', undefined],
  ["type = string", "v.vars", ' {"value":"a"}', '"a"'],
  ["type = string", "v.json", 'value = "a"', '"a"'],
  ["type = string", "v.json", '{"value":"${upper(1)}"}', '"${upper(1)}"'],
  ["type = string", "v.json", '{"value":1}', '"1"'],
  ["type = number", "v.json", '{"value":"x"}', undefined],
  ["type = string", "v.json", '{"value":"a"} x', undefined],
  ["type = string", "v.json", '{"value":null}', "null"],
  ["type=list(map(string))", "v.json", '{"value":[{"a":"b","a":"c"}]}', undefined],
  ["type=map(string)", "v.json", '{"value":{"//":"b","a":"c"}}', '{"//":"b","a":"c"}'],
  ["type = number", "v.json", '{"value":12345678901234567890}', "12345678901234567890"],
  ["type = number", "v.json", '{"value":0.1}', "0.1"],
  ["type = string", "v.hcl", 'value = "a"\nvalue = "b"', undefined],
];

for (const [declaration, name, text, value] of files) {
  test(`${verb(value)} ${JSON.stringify(text)} in ${name} for ${JSON.stringify(declaration)}`, async () => {
    await using folder = await createJobFolder();
    await checkValue(declaration, value, { varFiles: [await folder.write(name, text)] });
  });
}

const conditions: readonly (readonly [condition: string, isTaken: boolean])[] = [
  ['var.value == "abc"', true],
  ['var.value == "x"', false],
  ["true", false],
  ['var["value"] == "abc"', false],
  ['var.value == "abc" && var.other == 1', false],
  ["local.x == var.value", false],
  ["length([for v in [var.value] : v]) == 1", true],
  ['length([for var in ["a"] : var]) == 1', false],
  ["nope == var.value", false],
  ["var.value", false],
  ['"true" == "true" && var.value != null ? "true" : "false"', true],
  ["length(var.value) == 3", false],
  ["strlen(var.value) == 3", true],
  ["fileexists(var.value)", false],
  ['basename(var.value) == "abc"', false],
  ['abspath(var.value) != ""', false],
  ['can(regex("a", var.value))', false],
  ["can(upper(var.value))", true],
  ["null == var.value ? null : null", false],
  ['"${var.value}" == "abc"', true],
  ["var.value.x == 1", false],
  ['{var = 1}.var == 1 && var.value != ""', true],
  ["{(var.value) = 1} != null", true],
  ['"%{ for var in ["a"] }${var}%{ endfor }" == "a"', false],
  ["var != null", false],
  ['var.*.x != null && var.value != ""', false],
];

function validated(condition: string, message: string): string {
  return `default = "abc"\nvalidation {\ncondition = ${condition}\nerror_message = ${message}\n}`;
}

for (const [condition, isTaken] of conditions)
  test(`${verb(isTaken)} "abc" with the condition ${condition}`, () =>
    checkValue(validated(condition, '"bad"'), isTaken ? '"abc"' : undefined));

const messages: readonly (readonly [message: string, isTaken: boolean])[] = [
  ['""', false],
  ['"  "', false],
  ["5", true],
  ['["x"]', false],
  ["null", false],
  ['upper("x")', false],
  ['"\\u00a0"', false],
  ['"\\u200b"', true],
  ["true", true],
];

for (const [message, isTaken] of messages)
  test(`${verb(isTaken)} the message ${message}`, () =>
    checkValue(validated('var.value == "abc"', message), isTaken ? '"abc"' : undefined));
