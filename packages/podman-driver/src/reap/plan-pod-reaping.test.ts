import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerStatus, PodListEntry } from "@driver/libpod";
import { planPodReaping, type PodReapFacts } from "./plan-pod-reaping.ts";

const policy = { creationGraceMs: 60_000, keepsStopped: false };
const nowMs = 500_000;
const facts: PodReapFacts = {
  nodeId: "node-a",
  isWanted: (allocId) => allocId === "wanted",
  isOthers: (mark) => mark === "other",
  nowMs,
  lonelySinceMs: new Map([["p1", nowMs - 60_000]]),
};

interface Wishes {
  readonly alloc?: string;
  readonly node?: string;
  readonly plugin?: string;
  readonly tasks?: readonly ContainerStatus[];
  readonly infra?: ContainerStatus;
}

function pod({ alloc = "lost", node = "node-a", plugin = "", tasks = [], infra = "running" }: Wishes = {}): PodListEntry {
  const labels = {
    "nomad-driver-podman.alloc_id": alloc,
    "nomad-driver-podman.group": "true",
    ...(node === "" ? { "nomad-driver-podman.plugin": plugin } : { "nomad-driver-podman.node_id": node }),
  };
  const members = [
    { id: "i1", name: "infra", status: infra },
    ...tasks.map((status, index) => ({ id: `c${index}`, name: "task", status })),
  ];
  return { id: "p1", name: "p", labels, infraId: "i1", members };
}

describe("of the pods on an engine", () => {
  for (const infra of ["created", "running", "exited"] as const) {
    test(`one that nobody wants is picked, its infra container ${infra}`, () =>
      assert.deepEqual(planPodReaping([pod({ infra })], facts, policy).due, [pod({ infra })]));
  }

  test("one that was made before a task had told the node's id is picked", () =>
    assert.equal(planPodReaping([pod({ node: "" })], facts, policy).due.length, 1));

  const spared: readonly (readonly [string, PodListEntry])[] = [
    ["whose allocation is wanted", pod({ alloc: "wanted" })],
    ["of another node", pod({ node: "node-b" })],
    ["of a plugin that runs and knew no node yet", pod({ node: "", plugin: "other" })],
    ["without an allocation", pod({ alloc: "" })],
    ["with a task's container that runs", pod({ tasks: ["running"] })],
    ["with a task's container that has ended, which is looked for by itself", pod({ tasks: ["exited"] })],
  ];
  for (const [what, entry] of spared) {
    test(`one ${what} is spared, and its grace begins anew`, () =>
      assert.deepEqual(planPodReaping([entry], facts, policy), { due: [], lonelySinceMs: new Map() }));
  }

  test("none is picked before the node's id is known", () =>
    assert.deepEqual(planPodReaping([pod({ node: "" })], { ...facts, nodeId: "" }, policy).due, []));

  test("one is picked when it has been unwanted for as long as the grace, counted from the first look", () => {
    const first = planPodReaping([pod()], { ...facts, lonelySinceMs: new Map() }, policy);
    assert.deepEqual(first, { due: [], lonelySinceMs: new Map([["p1", nowMs]]) });
    const later = (ms: number): number =>
      planPodReaping([pod()], { ...facts, nowMs: nowMs + ms, lonelySinceMs: first.lonelySinceMs }, policy).due.length;
    assert.deepEqual([later(59_999), later(60_000)], [0, 1]);
  });

  test("one with kept containers is picked for the process of its infra container alone", () => {
    const keeping = { ...policy, keepsStopped: true };
    const due = (wishes: Wishes): number => planPodReaping([pod(wishes)], facts, keeping).due.length;
    assert.deepEqual(
      [due({ tasks: ["exited"] }), due({ tasks: ["exited"], infra: "exited" }), due({ tasks: ["running"] }), due({})],
      [1, 0, 0, 1],
    );
  });
});
