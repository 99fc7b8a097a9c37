import assert from "node:assert/strict";
import { test } from "node:test";

import { sampleGroup, sampleTask } from "../../../test/sample-job.ts";
import { planCores } from "./plan-cores.ts";
import { planLifecycle, planStop, roleOf } from "./plan-lifecycle.ts";

const names = (tasks: readonly { readonly name: string }[]): readonly string[] => tasks.map(({ name }) => name);

const hooked = (name: string, hook: "prestart" | "poststart" | "poststop", sidecar = false) =>
  sampleTask(name, "", { lifecycle: { hook, sidecar } });

const main = sampleTask("main", "");
const leader = sampleTask("leader", "", { leader: true });
const all = sampleGroup([
  hooked("poststop", "poststop"),
  hooked("poststart-sidecar", "poststart", true),
  main,
  hooked("poststart", "poststart"),
  hooked("prestart-sidecar", "prestart", true),
  leader,
  hooked("prestart", "prestart"),
]);

test("sorts tasks by their part, in the order of the file", () => {
  const { leader: first, ...lists } = planLifecycle(all);
  const found = Object.fromEntries(Object.entries(lists).map(([part, tasks]) => [part, names(tasks)]));
  assert.deepEqual(found, {
    prestart: ["prestart"],
    prestartSidecars: ["prestart-sidecar"],
    main: ["main", "leader"],
    poststart: ["poststart"],
    poststartSidecars: ["poststart-sidecar"],
    poststop: ["poststop"],
  });
  assert.equal(first, leader);
});

test("a prestart sidecar can be the leader, and is stopped once, first", () => {
  const pause = sampleTask("pause", "", { leader: true, lifecycle: { hook: "prestart", sidecar: true } });
  const plan = planLifecycle(sampleGroup([pause, sampleTask("web", "")]));
  assert.equal(plan.leader, pause);
  assert.deepEqual(
    planStop(plan).map((tasks) => tasks.map(({ name }) => name)),
    [["pause"], ["web"]],
  );
});

test("stops the leader first, the others together, the sidecars last, and never the poststop tasks", () => {
  const order = planStop(planLifecycle(all)).map(names);
  assert.deepEqual(order, [["leader"], ["prestart", "main", "poststart"], ["prestart-sidecar", "poststart-sidecar"]]);
  assert.deepEqual(planStop(planLifecycle(sampleGroup([main]))).map(names), [["main"]]);
});

test("names the part of each task", () => {
  assert.deepEqual(all.tasks.map(roleOf), ["poststop", "sidecar", "main", "poststart", "sidecar", "main", "prestart"]);
});

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
