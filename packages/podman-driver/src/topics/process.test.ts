import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, HclValue } from "@driver/nomad-plugin";
import { mistakesOf, specOf } from "../../test/plan-of.ts";

type PlannedCommand = Pick<ContainerSpec, "command" | "entrypoint">;

function commandOf(config: HclRecord): PlannedCommand {
  const { command, entrypoint } = specOf({ config });
  return { ...(command !== undefined && { command }), ...(entrypoint !== undefined && { entrypoint }) };
}

const cases: readonly { readonly what: string; readonly given: HclRecord; readonly planned: PlannedCommand }[] = [
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
  test(`plans ${what}`, () => assert.deepEqual(commandOf(given), planned));
}

const noEntrypoints: readonly HclValue[] = [5, true, { a: "b" }, [["nested"]], [null]];
for (const entrypoint of noEntrypoints) {
  test(`refuses the entrypoint ${JSON.stringify(entrypoint)}`, () => {
    assert.throws(() => commandOf({ entrypoint }), { code: "config-invalid", message: /^config key entrypoint: .*must be a list of strings/ });
    assert.match(mistakesOf({ config: { entrypoint } }).join(), /^entrypoint > config key entrypoint: /);
  });
}

test("runs as the user, in the folder and under the name that the job says", () => {
  const { work_dir: workDir, hostname, user } = specOf({ config: { working_dir: "/w", hostname: "h" }, task: { user: "1000:1000" } });
  assert.deepEqual([workDir, hostname, user], ["/w", "h", "1000:1000"]);
  for (const key of ["work_dir", "hostname", "user"]) assert.ok(!(key in specOf()), key);
});

test("takes what device plugins add to the environment, where the task does not say otherwise", () => {
  const { env } = specOf({ task: { env: { A: "task", B: "task" }, deviceEnv: { A: "plugin", GPU: "0" } } });
  assert.deepEqual(env, { A: "task", B: "task", GPU: "0" });
});
