import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FakePodman, RecordedLog, until, type ScriptedFault } from "@driver/testing";
import { Engine } from "../engine/engine.ts";
import type { ImageCleanUpPolicy } from "../config/image-clean-up-policy.ts";
import { ImageCleanUp } from "./image-clean-up.ts";
import { toMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";
import { joinName } from "./platform.ts";

const policy = { delayMs: 0, keep: [], takesOthers: false, water: undefined, dryRun: false };

/** Of an engine whose images are on a disk that there is. */
const info = {
  host: { arch: "amd64", cgroupManager: "cgroupfs", cgroupVersion: "v1", hostname: "fake", ociRuntime: { name: "runc" }, security: {} },
  store: { graphDriverName: "overlay", graphRoot: "/" },
  version: { Version: "4.3.1", APIVersion: "4.3.1" },
};

function listOf(count: number): string {
  const ids = Array.from({ length: count }, (_, index) => String(index).padStart(64, "0"));
  return JSON.stringify(
    ids.map((id) => {
      const names = [`r.io/${id}:1`, joinName(toMark(id.slice(-24)))];
      return { Id: id, RepoTags: names, Names: names, Size: 1, Containers: 0 };
    }),
  );
}

interface Bench extends AsyncDisposable {
  readonly log: RecordedLog;
  /** The calls until now, in their order. A look comes again each half second: what is counted is counted up to a call. */
  calls(): readonly string[];
}

function toKind(line: string): string {
  if (line.startsWith("DELETE")) return "remove";
  if (/^GET .*containers\/json/.test(line)) return "mounts";
  return /^GET .*images\/json/.test(line) ? "list" : line;
}

/** A store with so many unused images, which a clean-up has begun to look at. */
async function start(
  images: number,
  removal: { readonly status: number; readonly body: string },
  water?: ImageCleanUpPolicy["water"],
): Promise<Bench> {
  const fake = await FakePodman.start();
  fake.fault(/GET .*images\/json/, { kind: "answer", status: 200, body: listOf(images) });
  fake.fault(/GET .*containers\/json/, { kind: "answer", status: 200, body: "[]" });
  fake.fault(/DELETE .*images/, { kind: "answer", ...removal });
  fake.fault(/GET .*info/, { kind: "answer", status: 200, body: JSON.stringify(info) });
  const log = new RecordedLog();
  const { logger } = log;
  const engine = new Engine({ path: fake.socketPath, callTimeoutMs: 10_000, logger });
  const cleanUp = new ImageCleanUp({ policy: { ...policy, water }, engines: [engine], logger });
  return {
    log,
    calls: () => fake.seen.map(toKind),
    [Symbol.asyncDispose]: async () => {
      await cleanUp.close();
      engine.close();
      await fake[Symbol.asyncDispose]();
    },
  };
}

test("asks once a look for all images there are, and once for each 50 that it removes", async () => {
  await using bench = await start(200, { status: 200, body: JSON.stringify({ Errors: null }) });
  await until(() => bench.calls().length >= 13);
  // Of this driver's containers at each look, of all containers before each removal.
  const removals = Array.from({ length: 4 }, () => ["mounts", "remove"]).flat();
  assert.deepEqual(bench.calls().slice(0, 13), ["list", "mounts", "list", "mounts", ...removals, "list"]);
});

test("removes one after the other, and no more when the disk is at its low water mark", async () => {
  await using bench = await start(3, { status: 200, body: JSON.stringify({ Errors: null }) }, { high: 0, low: 101 });
  const removals = (): readonly string[] => bench.calls().filter((call) => call === "list" || call === "remove");
  await until(() => removals().filter((call) => call === "remove").length === 2, 10_000);
  assert.deepEqual(removals().slice(0, 5), ["list", "list", "remove", "list", "remove"]);
});

test("looks again which images are still there when Podman does not answer a removal", async () => {
  await using bench = await start(3, { status: 500, body: JSON.stringify({ cause: "panic", message: "panic", response: 500 }) });
  await until(() => bench.log.at("warn").some((text) => /unused images cannot be removed; the next look tries again/.test(text)));
  assert.deepEqual(bench.calls().slice(0, 6), ["list", "mounts", "list", "mounts", "mounts", "remove"]);
});

for (const [what, status, body] of [
  ["an image that stays", 200, { Errors: ["out of sorts"] }],
  ["a Podman that removes none", 500, { cause: "panic", message: "panic", response: 500 }],
] as const) {
  test(`says once of ${what} that it does, however often it looks`, async () => {
    await using bench = await start(1, { status, body: JSON.stringify(body) });
    await until(() => bench.log.at("debug").length >= 2);
    assert.equal(bench.log.at("warn").length, 1);
    assert.match(bench.log.at("warn")[0] ?? "", /cannot be removed; the next look tries again: .*(out of sorts|panic)/);
  });
}

for (const words of [
  "unable to delete image: image used by 0b1c: image is in use by a container",
  // podman 3.0
  "could not remove image 0a as it is being used by 1 containers: image is being used",
]) {
  test(`takes no image for one that cannot be removed when Podman says "${words}"`, async () => {
    await using bench = await start(1, { status: 200, body: JSON.stringify({ Errors: [words] }) });
    await until(() => bench.log.at("info").some((text) => /an image is in use again, and stays/.test(text)));
    assert.deepEqual(bench.log.at("warn"), []);
  });
}

test("goes on with the delays of the config before", async () => {
  await using fake = await FakePodman.start();
  fake.fault(/GET .*images\/json/, { kind: "answer", status: 200, body: listOf(1) });
  fake.fault(/GET .*containers\/json/, { kind: "answer", status: 200, body: "[]" });
  fake.fault(/DELETE .*images/, { kind: "answer", status: 200, body: JSON.stringify({ Errors: null }) });
  const log = new RecordedLog();
  const { logger } = log;
  const engine = new Engine({ path: fake.socketPath, callTimeoutMs: 10_000, logger });
  const former = new ImageCleanUp({ policy: { ...policy, dryRun: true }, engines: [engine], logger });
  await until(() => JSON.stringify(log.lines).includes("would be removed"));
  await former.close();
  const before = fake.seen.length;
  const cleanUp = new ImageCleanUp({ policy, engines: [engine], logger, former });
  await until(() => fake.seen.some((line) => line.startsWith("DELETE")));
  assert.deepEqual(fake.seen.slice(before, before + 4).map(toKind), ["list", "mounts", "mounts", "remove"]);
  await cleanUp.close();
  engine.close();
});

test("asks again for a list that failed because an image was removed meanwhile", async () => {
  const removed: ScriptedFault = {
    kind: "answer",
    status: 500,
    body: JSON.stringify({ cause: "image not known", message: "retrieving label for image: image not known", response: 500 }),
  };
  await using fake = await FakePodman.start();
  fake.fault(/images\/json/, { kind: "answer", status: 200, body: listOf(2) });
  const half = JSON.stringify({
    cause: "size is not known",
    message: 'retrieving label for image "0b": reading data blob size "manifest-sha256:10": size is not known',
    response: 500,
  });
  const layer = 'Failed transform image summaries: failed to obtain summary for image 0b: layer not found in layer tree: "0c"';
  fake.fault(/images\/json/, { kind: "answer", status: 500, body: JSON.stringify({ cause: layer, message: layer, response: 500 }) }, 1);
  fake.fault(/images\/json/, { kind: "answer", status: 500, body: half }, 1);
  fake.fault(/images\/json/, removed, 2);
  const podman = new PodmanClient({ socketPath: fake.socketPath });
  assert.equal((await listImages(podman, AbortSignal.timeout(20_000))).length, 2);
  fake.fault(/images\/json/, removed);
  await assert.rejects(listImages(podman, AbortSignal.timeout(20_000)), /image not known/);
  fake.fault(/images\/json/, { kind: "answer", status: 500, body: JSON.stringify({ cause: "other", message: "other", response: 500 }) });
  const before = fake.seen.length;
  await assert.rejects(listImages(podman, AbortSignal.timeout(20_000)), /other/);
  assert.equal(fake.seen.length, before + 1);
  podman.close();
});
