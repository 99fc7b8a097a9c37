import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FakePodman, RecordedLog, until, type ScriptedFault } from "@driver/testing";
import { Engine } from "../engine/engine.ts";
import { ImageCleanUp } from "./image-clean-up.ts";
import { toMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";
import { joinName } from "./platform.ts";

const policy = { delayMs: 0, keep: [], takesOthers: false, water: undefined, dryRun: false };

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
  readonly fake: FakePodman;
  count(pattern: RegExp): number;
}

/** A store with so many unused images, which a clean-up has begun to look at. */
async function start(images: number, removal: { readonly status: number; readonly body: string }): Promise<Bench> {
  const fake = await FakePodman.start();
  fake.fault(/GET .*images\/json/, { kind: "answer", status: 200, body: listOf(images) });
  fake.fault(/POST .*\/(un)?tag/, { kind: "answer", status: 201, body: "" });
  fake.fault(/DELETE .*images/, { kind: "answer", ...removal });
  const { logger } = new RecordedLog();
  const engine = new Engine({ name: "default", path: fake.socketPath, isDefault: true, callTimeoutMs: 10_000, logger });
  const cleanUp = new ImageCleanUp({ policy, engines: [engine], logger });
  return {
    fake,
    count: (pattern) => fake.seen.filter((line) => pattern.test(line)).length,
    [Symbol.asyncDispose]: async () => {
      await cleanUp.close();
      engine.close();
      await fake[Symbol.asyncDispose]();
    },
  };
}

test("asks once a look for all images there are, and twice for each that it removes", async () => {
  await using bench = await start(200, { status: 200, body: "{}" });
  await until(() => bench.count(/^DELETE/) >= 200);
  assert.deepEqual([bench.count(/images\/json/), bench.count(/^POST .*untag/), bench.count(/^DELETE/)], [2, 200, 200]);
  assert.equal(bench.count(/^POST .*\/tag/), 0);
});

test("gives an image its names back when a container has come to use it", async () => {
  await using bench = await start(1, { status: 409, body: JSON.stringify({ cause: "image is in use by a container", message: "image used by 0123: image is in use by a container", response: 409 }) });
  await until(() => bench.count(/^POST .*\/tag/) >= 1);
  const verbs = bench.fake.seen.filter((line) => /untag|\/tag|DELETE/.test(line)).map((line) => /untag|tag|DELETE/.exec(line)?.[0]);
  assert.deepEqual(verbs.slice(0, 3), ["untag", "DELETE", "tag"]);
});

test("asks again for a list that failed because an image was removed meanwhile", async () => {
  const removed: ScriptedFault = { kind: "answer", status: 500, body: JSON.stringify({ cause: "image not known", message: "retrieving label for image: image not known", response: 500 }) };
  await using fake = await FakePodman.start();
  fake.fault(/images\/json/, { kind: "answer", status: 200, body: listOf(2) });
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
