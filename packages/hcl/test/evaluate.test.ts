import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { createHclParser, createScope, evaluate, HclError, loadWasm, withNames } from "../src/index.ts";
import type { Dialect } from "../src/index.ts";
import { cornerCases } from "./corner-cases.ts";
import { caseVariable, evaluatedCases, refusedCases } from "./evaluated-cases.ts";

const parse = await createHclParser(loadWasm, { name: "case.hcl", text: "" });

/** Names that only the running task knows stay as text. */
const waiting: Dialect = { keepsUnknown: true };

async function evaluateText(expression: string, dialect?: Dialect) {
  const source = { name: "case.hcl", text: `a = ${expression}\n` };
  const attribute = (await parse(source)).attributes[0];
  assert.ok(attribute);
  const scope = createScope(source, { baseDir: import.meta.dirname, ...(dialect === undefined ? {} : { dialect }) });
  return evaluate(attribute.expression, withNames(scope, [["v", caseVariable]]));
}

for (const [expression, value] of evaluatedCases) {
  test(`evaluates ${expression} as HashiCorp's evaluator does`, async () => {
    assert.deepEqual(await evaluateText(expression), value);
  });
}

for (const [expression, value] of cornerCases) {
  test(`${value === undefined ? "refuses" : "evaluates"} ${JSON.stringify(expression)} as Nomad does`, async () => {
    const evaluated = evaluateText(`jsonencode(${expression})`);
    if (value === undefined) await assert.rejects(evaluated, HclError);
    else assert.equal(await evaluated, value);
  });
}

test("finds the home folder in a path, and no other user's", async () => {
  const expanded = await Promise.all(["~", "~/", "~/a//b/", "a/~"].map((path) => evaluateText(`pathexpand("${path}")`)));
  assert.deepEqual(expanded, [homedir(), homedir(), `${homedir()}/a/b`, "a/~"]);
  await assert.rejects(evaluateText('pathexpand("~root/a")'), /another user's home is not looked up/);
});

for (const expression of refusedCases) {
  test(`refuses ${expression} with a position`, async () => {
    await assert.rejects(evaluateText(expression), (error) => error instanceof HclError && error.position?.line === 1);
  });
}

const runtimeCases: readonly (readonly [expression: string, text: string])[] = [
  ['"${NOMAD_PORT_http}"', "${NOMAD_PORT_http}"],
  ['"http://${NOMAD_ADDR_http}/x"', "http://${NOMAD_ADDR_http}/x"],
  ["attr.unique.network.ip-address", "${attr.unique.network.ip-address}"],
  ['"${attr.driver.podman}-${v.s}"', "${attr.driver.podman}-str"],
  ['meta["rack name"]', '${meta["rack name"]}'],
  ['"${env["HOME"]}"', '${env["HOME"]}'],
  ['"${node.unique.name} ${device.x}"', "${node.unique.name} ${device.x}"],
  ['"$${not.mine}"', "${not.mine}"],
  ['upper("${v.s}")', "STR"],
  ['"echo ${HOME} ${v.s}"', "echo ${HOME} str"],
  ['"${TASK_ENV}"', "${TASK_ENV}"],
  ["nope", "${nope}"],
  ["nope.a.b", "${nope.a.b}"],
  ['"-D${java.io.tmpdir}"', "-D${java.io.tmpdir}"],
  ['"${ a.b } ${a.b }"', "${ a.b } ${a.b }"],
  ['"${upper(a)}"', "${A}"],
  ['"${~ a ~}"', "${a}"],
  ['try(a.b, "no")', "${a.b}"],
  ['a.b == "${a.b}" ? "same" : "other"', "same"],
  ["jsonencode([a.b])", '["${a.b}"]'],
  ["nope[0]", "${nope[0]}"],
];

for (const [expression, text] of runtimeCases) {
  test(`keeps what only the running task knows: ${expression}`, async () => {
    assert.equal(await evaluateText(expression, waiting), text);
  });
}

test("a name of a for-expression hides a root of the runtime", async () => {
  assert.deepEqual(await evaluateText('[for node in v.l : "${node}!"]', waiting), ["b!", "a!"]);
});

const messages: readonly (readonly [expression: string, message: RegExp])[] = [
  ["nobody", /^name "nobody": unknown; known are v; text needs quotes$/],
  ["vv.s", /^name "vv": unknown; did you mean "v"\?; text needs quotes$/],
  ["v.o.xx", /^attribute "xx": the object has none of this name; did you mean "x"\?$/],
  ["uper(v.s)", /^function uper: unknown; did you mean "upper"\?$/],
  ['yamldecode("")', /^function yamldecode: Nomad has it, this host does not support it$/],
  ["upper(1, 2)", /^function upper: takes 1 argument, not 2$/],
  ["upper([])", /^function upper: argument 1 must be a string, not a list$/],
  ['file("no-such-file")', /^function file: there is no file .*no-such-file$/],
  ['"${v.l}x"', /^template: a list cannot stand inside text; use join or jsonencode$/],
  ["v.l[7]", /^index 7: the list has 2 items, counted from 0$/],
  ["0 / 0", /^operator \/: 0 \/ 0 is no number$/],
  ["12345678901234567891 / 2", /too large to be exact/],
  ["1e9999 * 10", /^operator \*: the result is too large$/],
  ["1e99999", /^number 1e99999: its exponent is too large$/],
  ['format("%999999999s", "x")', /^function format: %999999999s: width and precision go up to 1000$/],
];

for (const [expression, message] of messages) {
  test(`says what is wrong with ${expression}`, async () => {
    await assert.rejects(evaluateText(expression), (error) => error instanceof HclError && message.test(error.message));
  });
}

const exact: readonly (readonly [expression: string, value: unknown])[] = [
  ["9007199254740993 + 1", 9007199254740994n],
  ["9007199254740993 - 9007199254740000", 993],
  ["12345678901234567890 * 10", 123456789012345678900n],
  ['"${12345678901234567890}"', 12345678901234567890n],
  ['"n${12345678901234567890}"', "n12345678901234567890"],
  ['jsondecode("[12345678901234567891]")', [12345678901234567891n]],
  ["0.1 + 0.2", 0.3],
];

for (const [expression, value] of exact) {
  test(`does not round ${expression}`, async () => {
    assert.deepEqual(await evaluateText(expression), value);
  });
}

const hashes: readonly (readonly [expression: string, value: string])[] = [
  ['md5("a")', "0cc175b9c0f1b6a831c399e269772661"],
  ['sha1("a")', "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"],
  ['sha256("a")', "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
  ['substr(sha512("a"), 0, 16)', "1f40fc92da241694"],
  ['base64encode("é")', "w6k="],
  ['base64decode("w6k=")', "é"],
  ['urlencode("a b&c=é!~")', "a+b%26c%3D%C3%A9%21~"],
  ['basename(abspath("x/../evaluate.test.ts"))', "evaluate.test.ts"],
  ['try(v.nothing, "fallback")', "fallback"],
  ['can(v.nothing) ? "yes" : "no"', "no"],
  ['substr(file("evaluate.test.ts"), 0, 6)', "import"],
];

for (const [expression, value] of hashes) {
  test(`evaluates ${expression}`, async () => {
    assert.equal(await evaluateText(expression), value);
  });
}
