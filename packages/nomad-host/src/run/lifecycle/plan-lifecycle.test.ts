import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleGroup, sampleTask } from "../../../test/sample-job.ts";
import { planCores } from "./plan-cores.ts";
import { planLifecycle, planStop } from "./plan-lifecycle.ts";

const names = (tasks: readonly { readonly name: string }[]): readonly string[] => tasks.map(({ name }) => name);

const prestart = sampleTask("prestart", "", { lifecycle: { hook: "prestart", sidecar: false } });
const sidecar = sampleTask("sidecar", "", { lifecycle: { hook: "prestart", sidecar: true } });
const main = sampleTask("main", "");
const leader = sampleTask("leader", "", { leader: true });

test("sorts tasks by their part, in the order of the file", () => {
  const plan = planLifecycle(sampleGroup([main, sidecar, leader, prestart]));
  assert.deepEqual(
    [names(plan.prestart), names(plan.sidecars), names(plan.main), plan.leader?.name],
    [["prestart"], ["sidecar"], ["main", "leader"], "leader"],
  );
});

test("stops the leader first, the others together, the sidecars last", () => {
  const plan = planLifecycle(sampleGroup([main, sidecar, leader, prestart]));
  assert.deepEqual(planStop(plan).map(names), [["leader"], ["prestart", "main"], ["sidecar"]]);
  assert.deepEqual(planStop(planLifecycle(sampleGroup([main]))).map(names), [["main"]]);
});

for (const hook of ["poststart", "poststop"] as const) {
  test(`refuses ${hook} by name and place`, () => {
    const task = sampleTask("late", "", { lifecycle: { hook, sidecar: false }, position: { line: 9, column: 5 } });
    const expected = {
      code: "job-unsupported",
      position: { line: 9, column: 5 },
      message: `task "late": lifecycle hook "${hook}" is not supported by \`run\` yet; only "prestart" is`,
    };
    assert.throws(() => planLifecycle(sampleGroup([main, task])), expected);
  });
}

test("gives each task cores of its own, after those that are taken", () => {
  const cores = (name: string, count: number) => sampleTask(name, "", { resources: { ...main.resources, cores: count } });
  const cpusets = planCores(sampleGroup([cores("a", 2), main, cores("b", 1)]), { firstCore: 1, coreCount: 4 });
  assert.deepEqual(
    [...cpusets],
    [
      ["a", "1,2"],
      ["b", "3"],
    ],
  );
  assert.throws(
    () => planCores(sampleGroup([cores("a", 2)]), { firstCore: 1, coreCount: 2 }),
    /task "a" asks for 2 core\(s\), but only 1 of 2 are left/,
  );
});
