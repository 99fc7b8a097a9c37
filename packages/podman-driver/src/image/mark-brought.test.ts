import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FakePodman } from "@driver/testing";
import { toMark } from "./image-mark.ts";
import { markBrought } from "./mark-brought.ts";
import { joinName } from "./platform.ts";

const id = "a".repeat(64);
const name = "r.io/app:1";

/** The calls that mark an image, where the store had it under these names as the pull began. */
async function marksOf(namesBefore: readonly string[]): Promise<readonly string[]> {
  await using fake = await FakePodman.start();
  const before = namesBefore.length === 0 ? [] : [{ Id: id, RepoTags: namesBefore, Names: namesBefore, Size: 1, Containers: 0 }];
  fake.fault(/GET .*images\/json/, { kind: "answer", status: 200, body: JSON.stringify(before) });
  fake.fault(/GET .*images\/.+\/json/, { kind: "answer", status: 200, body: JSON.stringify({ Id: id, Size: 1 }) });
  fake.fault(/POST .*\/tag/, { kind: "answer", status: 201, body: "" });
  const podman = new PodmanClient({ socketPath: fake.socketPath });
  const bring = (note: (reference: string) => void): Promise<string> => {
    note(name);
    return Promise.resolve(id);
  };
  assert.equal(await markBrought({ podman, settings: { marksPulled: true } }, bring, AbortSignal.timeout(20_000)), id);
  podman.close();
  return fake.seen.filter((line) => line.startsWith("POST"));
}

test("marks what a pull brings", async () => {
  assert.equal((await marksOf([])).length, 1);
});

test("marks again what had a mark, since the clean-up may have removed it meanwhile", async () => {
  assert.equal((await marksOf([joinName(toMark(id)), name])).length, 1);
});

test("leaves unmarked what somebody else had brought", async () => {
  assert.deepEqual(await marksOf([name]), []);
});
