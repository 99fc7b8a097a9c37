import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerListEntry } from "@driver/libpod";
import { planReaping } from "./plan-reaping.ts";

const now = new Date("2026-03-01T12:00:00Z");
const policy = { creationGraceMs: 60_000, keepsStopped: false };
const facts = { nodeId: "node-a", isKnown: (taskId: string) => taskId === "known", now };

function entry(more: Partial<ContainerListEntry> & { readonly task?: string; readonly node?: string } = {}): ContainerListEntry {
  const { task = "lost", node = "node-a", ...rest } = more;
  return {
    id: "c1",
    names: ["web"],
    labels: { "nomad-driver-podman.task_id": task, "nomad-driver-podman.node_id": node },
    status: "running",
    createdAt: new Date(now.getTime() - 60_000),
    mountPaths: [],
    ports: [],
    ...rest,
  };
}

describe("of the containers on an engine", () => {
  for (const status of ["created", "running", "paused", "stopping", "exited", "removing", "unknown"] as const) {
    test(`one that is ${status} and whose task nobody knows is picked`, () => {
      const container = entry({ status });
      assert.deepEqual(planReaping([container], facts, policy), [container]);
    });
  }

  const spared: readonly (readonly [string, ContainerListEntry])[] = [
    ["whose task is known", entry({ task: "known" })],
    ["of another node", entry({ node: "node-b" })],
    ["without our labels", entry({ labels: {} })],
    ["with a node but no task", entry({ labels: { "nomad-driver-podman.node_id": "node-a" } })],
    [
      "with Nomad's own labels only",
      entry({ labels: { "com.hashicorp.nomad.alloc_id": "lost", "com.hashicorp.nomad.node_id": "node-a" } }),
    ],
    ["that is younger than the grace", entry({ createdAt: new Date(now.getTime() - 59_999) })],
    ["whose age nobody knows", entry({ createdAt: undefined })],
  ];
  for (const [what, container] of spared) {
    test(`one ${what} is spared`, () => assert.deepEqual(planReaping([container], facts, policy), []));
  }

  test("none is picked before the node's id is known", () => {
    assert.deepEqual(planReaping([entry({ node: "" })], { ...facts, nodeId: "" }, policy), []);
  });

  test("those kept after their end are spared, and those that hold processes are not", () => {
    const kept = (["created", "exited", "stopped", "unknown"] as const).map((status) => entry({ status }));
    const held = (["running", "paused", "stopping"] as const).map((status) => entry({ status }));
    assert.deepEqual(planReaping([...kept, ...held], facts, { ...policy, keepsStopped: true }), held);
  });
});
