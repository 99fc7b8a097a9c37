import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask } from "@driver/testing";
import type { HclRecord } from "@driver/nomad-plugin";
import fc from "fast-check";
import { taskSchema, type TaskOptions } from "../config/task-schema.ts";
import { hashConfig, ownLabels, planLabels } from "./labels.ts";

const prefix = "com.hashicorp.nomad.";
const task = plainTask();
const options = (config: HclRecord = {}): TaskOptions => taskSchema.decodeValue({ image: "busybox", ...config });
const nomadLabels = (globs: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(planLabels(task, options(), globs)).filter(([key]) => key.startsWith(prefix)).map(([key, value]) => [key.slice(prefix.length), value]));

test("always says whose container it is", () => {
  assert.deepEqual(planLabels(task, options(), []), {
    [ownLabels.taskId]: task.id,
    [ownLabels.taskName]: "web",
    [ownLabels.allocId]: task.allocId,
    [ownLabels.nodeId]: "node-id",
    [ownLabels.configHash]: hashConfig(options()),
  });
});

const globs = [
  { given: [], chosen: [] },
  { given: ["job_id"], chosen: ["alloc_id", "job_id"] },
  { given: ["job*"], chosen: ["alloc_id", "job_id", "job_name"] },
  { given: ["*_id"], chosen: ["alloc_id", "job_id", "node_id", "parent_job_id"] },
  { given: ["task_*", "namespace"], chosen: ["alloc_id", "namespace", "task_group_name", "task_name"] },
  { given: ["*"], chosen: ["alloc_id", "job_id", "job_name", "namespace", "node_id", "node_name", "parent_job_id", "task_group_name", "task_name"] },
  { given: ["no_such_label"], chosen: ["alloc_id"] },
  { given: ["job", "ob_id", ".ob_id", "job_i.", "job_(id)"], chosen: ["alloc_id"] },
];
for (const { given, chosen } of globs) {
  test(`sets Nomad's labels for extra_labels ${JSON.stringify(given)}`, () => assert.deepEqual(Object.keys(nomadLabels(given)).toSorted(), chosen));
}

test("gives Nomad's labels their values", () => {
  assert.deepEqual(nomadLabels(["*"]), {
    alloc_id: task.allocId, job_name: "shop", job_id: "shop-id", task_group_name: "front", task_name: "web",
    namespace: "default", node_name: "node", node_id: "node-id", parent_job_id: "parent",
  });
});

test("lets no label of the task take the place of ours", () => {
  const labels = planLabels(task, options({ labels: [{ app: "x", [ownLabels.allocId]: "forged", [`${prefix}alloc_id`]: "forged" }] }), ["x"]);
  assert.deepEqual([labels["app"], labels[ownLabels.allocId], labels[`${prefix}alloc_id`]], ["x", task.allocId, task.allocId]);
});

test("takes any text for a glob", () => {
  fc.assert(fc.property(fc.string(), (glob) => void planLabels(task, options(), [glob])));
});

test("tells configs apart by their hash, which is the same each time and in any order", () => {
  assert.match(hashConfig(options()), /^[0-9a-f]{16}$/);
  assert.equal(hashConfig(options()), hashConfig(options()));
  assert.notEqual(hashConfig(options({ command: "a" })), hashConfig(options({ command: "b" })));
  assert.equal(hashConfig(options({ labels: [{ a: "1", b: "2" }] })), hashConfig(options({ labels: [{ b: "2", a: "1" }] })));
});

test("makes no digest of a secret: how the image is fetched does not count", () => {
  const plain = hashConfig(options());
  for (const auth of [{ username: "u", password: "p" }, { username: "u", password: "q" }, { tls_verify: false }]) assert.equal(hashConfig(options({ auth })), plain);
});
