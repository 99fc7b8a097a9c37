import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImageListEntry } from "@driver/libpod";
import type { ImageCleanUpPolicy } from "../config/image-clean-up-policy.ts";
import { parseRegistryImage } from "../config/image-reference.ts";
import { toMark } from "./image-mark.ts";
import { joinName } from "./platform.ts";
import { keepInfraImage } from "./infra-image.ts";
import { planCleanUp, type UnusedSince } from "./plan-clean-up.ts";

const plain: ImageCleanUpPolicy = { delayMs: 1000, keep: [], takesOthers: false, water: undefined, dryRun: false };

const facts = { policy: plain, mounted: new Set<string>(), nowMs: 5000 };

function imageOf(id: string, name: string, more: Partial<ImageListEntry> & { readonly isOurs?: boolean } = {}): ImageListEntry {
  const { isOurs = true, ...rest } = more;
  const names = [...(name === "" ? [] : [name]), ...(isOurs ? [joinName(toMark(id))] : [])];
  return {
    id,
    repoTags: names,
    names,
    formerNames: [],
    repoDigests: [],
    sizeBytes: 1,
    containerCount: 0,
    ...rest,
  };
}

const dueOf = (
  images: readonly ImageListEntry[],
  policy: Partial<ImageCleanUpPolicy> = {},
  before: UnusedSince = new Map(images.map(({ id }) => [id, 0])),
): readonly string[] => planCleanUp(images, before, { ...facts, policy: { ...plain, ...policy } }).due.map(({ id }) => id);

describe("an image goes", () => {
  test("after the delay, and never at the first look", () => {
    const images = [imageOf("a", "r.io/a:1"), imageOf("b", "r.io/b:1"), imageOf("c", "r.io/c:1")];
    assert.deepEqual(dueOf(images, {}, new Map([["a", 4001], ["b", 4000]])), ["b"]);
    assert.deepEqual(dueOf(images, { delayMs: 0 }, new Map([["a", 5000]])), ["a"]);
  });

  test("unless a container uses it, and its time begins anew after that", () => {
    const used = planCleanUp([imageOf("a", "r.io/a:1", { containerCount: 1 })], new Map([["a", 0]]), facts);
    assert.deepEqual([used.due, [...used.unusedSince]], [[], []]);
    assert.deepEqual(
      [...planCleanUp([imageOf("a", "r.io/a:1")], used.unusedSince, { ...facts, nowMs: 6000 }).unusedSince],
      [["a", 6000]],
    );
  });

  test("unless it is mounted in a container, which Podman does not count, and its time begins anew after that", () => {
    const images = [imageOf("a", "r.io/a:1"), imageOf("b", "r.io/b:1")];
    const before = new Map([["a", 0], ["b", 0]]);
    const plan = planCleanUp(images, before, { ...facts, mounted: new Set(["a"]) });
    assert.deepEqual([plan.due.map(({ id }) => id), [...plan.unusedSince]], [["b"], [["b", 0]]]);
  });

  test("if this driver has pulled it, or the operator says any", () => {
    const images = [
      imageOf("a", "r.io/a:1"),
      imageOf("b", "r.io/b:1", { isOurs: false }),
      imageOf("c", "", { isOurs: false }),
    ];
    assert.deepEqual(dueOf(images), ["a"]);
    assert.deepEqual(dueOf(images, { takesOthers: true }), ["a", "b", "c"]);
  });

  test("when its name has moved to another image", () => assert.deepEqual(dueOf([imageOf("a", "")]), ["a"]));

  test("the longest unused first", () => {
    const images = [imageOf("a", "r.io/a:1"), imageOf("b", "r.io/b:1"), imageOf("c", "r.io/c:1")];
    assert.deepEqual(dueOf(images, {}, new Map([["a", 3], ["b", 1], ["c", 2]])), ["b", "c", "a"]);
  });
});

describe("an image stays", () => {
  for (const [pattern, stays] of [
    ["r.io/team/a:1", true],
    ["r.io/*", true],
    ["*:1", true],
    ["r.io/team/?:1", true],
    ["r.io/team/a", false],
    ["r.io/team/a:10", false],
    ["rxio/*", false],
    ["id-a", true],
    ["localhost/nomad-driver-podman/*", false],
  ] as const) {
    test(`with the pattern ${pattern}: ${stays}`, () =>
      assert.deepEqual(dueOf([imageOf("id-a", "r.io/team/a:1")], { keep: [pattern] }), stays ? [] : ["id-a"]));
  }

  test("when it is Podman's own for pods, whatever else goes", () => {
    assert.deepEqual(dueOf([imageOf("a", "localhost/podman-pause:4.3.1-0", { isOurs: false })], { takesOthers: true }), []);
  });
});

describe("the infra image of pods stays, and no other,", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  /** What the operator writes, and the name that the store has for it. */
  const rows: readonly (readonly [string, string])[] = [
    ["registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9"],
    ["registry.k8s.io/pause", "registry.k8s.io/pause:latest"],
    ["r.io:5000/pause", "r.io:5000/pause:latest"],
    ["pause:3", "docker.io/library/pause:3"],
    ["docker://pause", "docker.io/library/pause:latest"],
    ["https://r.io/pause:3", "r.io/pause:3"],
    [`r.io/pause@${digest}`, `r.io/pause@${digest}`],
    [`r.io/pause:3@${digest}`, `r.io/pause@${digest}`],
    ["localhost/pause:1", "localhost/pause:1"],
    ["b".repeat(64), "localhost/by-id:1"],
    [`sha256:${"b".repeat(64)}`, "localhost/by-id:1"],
  ];
  for (const [word, stored] of rows) {
    test(`where it is ${word}`, () => {
      const images = [imageOf("b".repeat(64), stored), imageOf("c", "r.io/other:3.9")];
      assert.deepEqual(dueOf(images, { takesOthers: true, keep: keepInfraImage(parseRegistryImage(word)) }), ["c"]);
    });
  }

  test("where there is none", () => assert.deepEqual(keepInfraImage(undefined), []));
});
