import assert from "node:assert/strict";
import { test } from "node:test";
import { toCgroupParent } from "./cgroup-parent.ts";

const rows: Readonly<Record<string, string>> = {
  "/sys/fs/cgroup/nomad.slice/share.slice/alloc.task.scope": "nomad.slice",
  "/sys/fs/cgroup/batch.slice/share.slice/alloc.task.scope": "batch.slice",
  "/sys/fs/cgroup/batch-nomad.slice/reserve.slice/alloc.task.scope": "batch-nomad.slice",
  "/sys/fs/cgroup/nomad.slice/alloc.task.scope": "nomad.slice",
  "/sys/fs/cgroup/cpuset/nomad/share": "nomad.slice",
  "/sys/fs/cgroup/own/share.slice/alloc.task.scope": "nomad.slice",
  "/share.slice/x": "nomad.slice",
  "": "nomad.slice",
};
for (const [cgroup, parent] of Object.entries(rows)) {
  test(`a task of cgroup ${JSON.stringify(cgroup)} has its container in ${parent}`, () => assert.equal(toCgroupParent(cgroup), parent));
}
