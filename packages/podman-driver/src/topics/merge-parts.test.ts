import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import { mergeSpecs } from "./merge-parts.ts";

type Parts = readonly Partial<ContainerSpec>[];

const tmp = { type: "tmpfs", destination: "/tmp" };
const data = { type: "tmpfs", destination: "/data" };
const cases: readonly { readonly what: string; readonly parts: Parts; readonly merged: ContainerSpec }[] = [
  { what: "no parts to an empty spec", parts: [], merged: {} },
  { what: "what only one sets", parts: [{ user: "a" }, {}, { hostname: "h" }], merged: { user: "a", hostname: "h" } },
  {
    what: "lists in the order of the topics",
    parts: [{ mounts: [tmp] }, { mounts: [data] }, { mounts: [tmp] }],
    merged: { mounts: [tmp, data, tmp] },
  },
  { what: "maps", parts: [{ labels: { a: "1" } }, { labels: { b: "2" } }], merged: { labels: { a: "1", b: "2" } } },
  {
    what: "maps in maps",
    parts: [{ resource_limits: { cpu: { shares: 2 } } }, { resource_limits: { cpu: { quota: 5 }, memory: { limit: 1 } } }],
    merged: { resource_limits: { cpu: { shares: 2, quota: 5 }, memory: { limit: 1 } } },
  },
  {
    what: "maps with names that objects have of their own",
    parts: [{ env: { constructor: "a" } }, { env: { toString: "b" } }],
    merged: { env: { constructor: "a", toString: "b" } },
  },
  { what: "nothing of what is undefined", parts: [{ user: "a" }, { user: undefined } as unknown as ContainerSpec], merged: { user: "a" } },
  {
    what: "what is false, 0 or empty",
    parts: [{ privileged: false, oom_score_adj: 0, user: "" }],
    merged: { privileged: false, oom_score_adj: 0, user: "" },
  },
];
for (const { what, parts, merged } of cases) {
  test(`merges ${what}`, () => {
    const before = structuredClone(parts);
    assert.deepEqual(mergeSpecs(parts), merged);
    assert.deepEqual(parts, before);
  });
}

const clashes: readonly { readonly path: string; readonly parts: Parts }[] = [
  { path: "user", parts: [{ user: "a" }, { user: "b" }] },
  { path: "user", parts: [{ user: "a" }, { user: "a" }] },
  { path: "oom_score_adj", parts: [{ oom_score_adj: 0 }, { oom_score_adj: 1 }] },
  { path: "labels.a", parts: [{ labels: { a: "1" } }, { labels: { a: "2" } }] },
  { path: "resource_limits.cpu.quota", parts: [{ resource_limits: { cpu: { quota: 1 } } }, { resource_limits: { cpu: { quota: 2 } } }] },
  { path: "mounts", parts: [{ mounts: [] }, { mounts: {} } as unknown as ContainerSpec] },
];
for (const { path, parts } of clashes) {
  test(`names ${path}, which two parts set: ${JSON.stringify(parts)}`, () => {
    assert.throws(() => mergeSpecs(parts), { name: "TypeError", message: `two topics set ${path} of the container spec` });
  });
}
