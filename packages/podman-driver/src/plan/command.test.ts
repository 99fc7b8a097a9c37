import assert from "node:assert/strict";
import { test } from "node:test";
import { planCommand, type PlannedCommand } from "./command.ts";

interface Case {
  readonly what: string;
  readonly given: Partial<Parameters<typeof planCommand>[0]>;
  readonly planned: PlannedCommand;
}

const plan = (given: Case["given"]): PlannedCommand => planCommand({ command: undefined, args: [], entrypoint: undefined, ...given });

const cases: readonly Case[] = [
  { what: "nothing: the image decides", given: { args: [] }, planned: {} },
  { what: "a command", given: { command: "sleep", args: [] }, planned: { command: ["sleep"] } },
  { what: "a command and its arguments", given: { command: "sleep", args: ["1", "a b", ""] }, planned: { command: ["sleep", "1", "a b", ""] } },
  { what: "arguments of the image's entrypoint", given: { args: ["-v"] }, planned: { command: ["-v"] } },
  { what: "an empty command, which is none", given: { command: "", args: [] }, planned: {} },
  { what: "an entrypoint", given: { args: [], entrypoint: ["/bin/sh", "-c"] }, planned: { entrypoint: ["/bin/sh", "-c"] } },
  { what: "an entrypoint of one string, which is not split", given: { args: ["x"], entrypoint: "echo -n" }, planned: { command: ["x"], entrypoint: ["echo -n"] } },
  { what: "an empty entrypoint, which takes the image's away", given: { args: [], entrypoint: [] }, planned: { entrypoint: [] } },
  { what: "numbers and bools as HCL lets them through", given: { args: [], entrypoint: ["sleep", 1, true] }, planned: { entrypoint: ["sleep", "1", "true"] } },
  { what: "an entrypoint of null", given: { args: [], entrypoint: null }, planned: {} },
];

for (const { what, given, planned } of cases) {
  test(`plans ${what}`, () => assert.deepEqual(plan(given), planned));
}

for (const entrypoint of [5, true, { a: "b" }, [["nested"]], [null]]) {
  test(`refuses the entrypoint ${JSON.stringify(entrypoint)}`, () => {
    assert.throws(() => plan({ entrypoint }), { code: "config-invalid", message: /entrypoint: must be a list of strings/ });
  });
}
