import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerInspect } from "@driver/libpod";
import { plainTask } from "@driver/testing";
import { taskSchema } from "../plan/task-schema.ts";
import { hashConfig } from "../plan/want-task.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { judgeClaim } from "./container-claim.ts";

const task = plainTask();
const hashOf = (password: string): string =>
  hashConfig(taskSchema.toValue(taskSchema.decodeValue({ image: "busybox", auth: { username: "u", password } })));
const configHash = hashOf("p");
const labels: Readonly<Record<string, string>> = {
  [ownLabels.taskId]: task.id,
  [ownLabels.taskName]: task.name,
  [ownLabels.allocId]: task.allocId,
  [ownLabels.nodeId]: task.nodeId,
  [ownLabels.configHash]: configHash,
};

/** Only what a claim is judged by. */
function container(own: Readonly<Record<string, string>>, mountSources: readonly string[] = []): ContainerInspect {
  const mounts = mountSources.map((source) => ({ type: "bind", name: "", source, destination: "/alloc", options: [], writable: true }));
  return { id: "c0ffee".repeat(10), config: { labels: own }, mounts } as unknown as ContainerInspect;
}

test("takes the container of this very start for its own", () => {
  assert.deepEqual(judgeClaim(container(labels), task, configHash), { kind: "same-start" });
});

test("takes it for its own also when the registry's password was changed meanwhile", () => {
  assert.deepEqual(judgeClaim(container(labels), task, hashOf("another")), { kind: "same-start" });
});

test("takes what an earlier start of the task has made for a leftover", () => {
  assert.deepEqual(judgeClaim(container({ ...labels, [ownLabels.taskId]: `${task.allocId}/web/00000000` }), task, configHash), {
    kind: "leftover",
  });
  assert.deepEqual(judgeClaim(container({ ...labels, [ownLabels.configHash]: "another" }), task, configHash), { kind: "leftover" });
});

test("says whose a container of another task or allocation is", () => {
  assert.deepEqual(judgeClaim(container({ ...labels, [ownLabels.taskName]: "db" }), task, configHash), {
    kind: "foreign",
    owner: `task db of allocation ${task.allocId}`,
  });
  assert.deepEqual(judgeClaim(container({ ...labels, [ownLabels.allocId]: "other" }), task, configHash), {
    kind: "foreign",
    owner: "task web of allocation other",
  });
});

test("takes an unlabelled container with this allocation's folder inside for the Go driver's leftover", () => {
  assert.deepEqual(judgeClaim(container({}, ["/elsewhere", "/alloc-dir/alloc"]), task, configHash), { kind: "leftover" });
});

test("leaves any other unlabelled container alone", () => {
  const foreign = { kind: "foreign", owner: "container c0ffeec0ffee, which Nomad did not start" };
  assert.deepEqual(judgeClaim(container({}), task, configHash), foreign);
  assert.deepEqual(judgeClaim(container({}, ["/alloc-dir", "/alloc-dir/alloc2", "/other/alloc"]), task, configHash), foreign);
});

test("a key that is known and not set makes no other config", () => {
  assert.equal(hashConfig({ image: "busybox", later: null }), hashConfig({ image: "busybox" }));
  assert.notEqual(hashConfig({ image: "busybox", later: false }), hashConfig({ image: "busybox" }));
});
