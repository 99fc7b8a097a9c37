import assert from "node:assert/strict";
import { test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import fc from "fast-check";
import { mountedImagesLabel } from "../../image/mounted-images.ts";
import { asWritten, decodedOf, planOf, specOf } from "../../../test/plan-of.ts";
import { ownLabels } from "./labels-topic.ts";

const prefix = "com.hashicorp.nomad.";
const task = plainTask();
const labelsOf = (config: HclRecord, extraLabels: readonly string[]): Readonly<Record<string, string>> =>
  specOf({ config, settings: { extraLabels } }).labels ?? {};
const nomadLabels = (globs: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labelsOf({}, globs))
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );

test("always says whose container it is", () => {
  assert.deepEqual(labelsOf({}, []), {
    [ownLabels.taskId]: task.id,
    [ownLabels.taskName]: "web",
    [ownLabels.allocId]: task.allocId,
    [ownLabels.nodeId]: "node-id",
    [ownLabels.configHash]: decodedOf().configHash,
  });
});

test("says that a task's label is one that this driver sets itself", () => {
  const config = { labels: [{ [ownLabels.taskId]: "mine", [`${prefix}job_id`]: "mine", app: "x" }] };
  const told = (extraLabels: readonly string[]): readonly string[] => planOf({ config, settings: { extraLabels } }).notices;
  const notice = (name: string): string => `label ${name} is not used: this driver sets it itself`;
  assert.deepEqual(told([]), [notice(ownLabels.taskId)]);
  assert.deepEqual(told(["job_id"]).toSorted(), [notice(`${prefix}job_id`), notice(ownLabels.taskId)]);
  assert.equal(labelsOf(config, ["job_id"])[`${prefix}job_id`], task.jobId);
});

const globs = [
  { given: [], chosen: [] },
  { given: ["job_id"], chosen: ["alloc_id", "job_id"] },
  { given: ["job*"], chosen: ["alloc_id", "job_id", "job_name"] },
  { given: ["*_id"], chosen: ["alloc_id", "job_id", "node_id", "parent_job_id"] },
  { given: ["task_*", "namespace"], chosen: ["alloc_id", "namespace", "task_group_name", "task_name"] },
  {
    given: ["*"],
    chosen: ["alloc_id", "job_id", "job_name", "namespace", "node_id", "node_name", "parent_job_id", "task_group_name", "task_name"],
  },
  { given: ["no_such_label"], chosen: ["alloc_id"] },
  { given: ["job", "ob_id", ".ob_id", "job_i.", "job_(id)"], chosen: ["alloc_id"] },
];
for (const { given, chosen } of globs) {
  test(`sets Nomad's labels for extra_labels ${JSON.stringify(given)}`, () =>
    assert.deepEqual(Object.keys(nomadLabels(given)).toSorted(), chosen));
}

test("gives Nomad's labels their values", () => {
  assert.deepEqual(nomadLabels(["*"]), {
    alloc_id: task.allocId, job_name: "shop", job_id: "shop-id", task_group_name: "front", task_name: "web",
    namespace: "default", node_name: "node", node_id: "node-id", parent_job_id: "parent",
  });
});

test("lets no label of the task take the place of ours", () => {
  const labels = labelsOf({ labels: [{ app: "x", [ownLabels.allocId]: "forged", [`${prefix}alloc_id`]: "forged" }] }, ["x"]);
  assert.deepEqual([labels["app"], labels[ownLabels.allocId], labels[`${prefix}alloc_id`]], ["x", task.allocId, task.allocId]);
});

test("says which images are mounted, by their IDs, and takes no task's word for it", () => {
  const config = { labels: [{ [mountedImagesLabel]: "forged", app: "x" }] };
  const wishes = { config };
  const mounted = (ids: readonly string[]): string | undefined =>
    planOf(wishes, { ...asWritten, mountedImages: ids }).spec.labels?.[mountedImagesLabel];
  assert.deepEqual([mounted([]), mounted(["b", "a", "b"])], [undefined, "a,b"]);
  assert.deepEqual(planOf(wishes).notices, [`label ${mountedImagesLabel} is not used: this driver sets it itself`]);
});

test("takes any text for a glob", () => {
  fc.assert(fc.property(fc.string(), (glob) => void labelsOf({}, [glob])));
});
