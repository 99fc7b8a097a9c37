import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PullProgress } from "./pull-progress.ts";
import { pullStatusMessage, readPullStatus, toLogFields, type PullStatus } from "./pull-status.ts";

const plain: PullStatus = { image: "r.io/x:1", text: "2 layers begun", bytes: undefined, elapsedMs: 8000, hasEnded: false };

describe("the status of a pull", () => {
  for (const status of [plain, { ...plain, bytes: { current: 0, total: 7 } }, { ...plain, hasEnded: true }]) {
    test(`comes through the plugin's log, which knows texts alone: ${JSON.stringify(status)}`, () => {
      const fields = Object.fromEntries(Object.entries(toLogFields(status)).map(([name, value]) => [name, String(value)]));
      assert.deepEqual(readPullStatus({ message: pullStatusMessage, fields }), status);
    });
  }

  test("is in no other line", () =>
    assert.equal(readPullStatus({ message: "unused image removed", fields: toLogFields(plain) }), undefined));
});

describe("the bytes of a pull", () => {
  const blob = (digest: string, currentBytes: number, totalBytes: number) => ({ kind: "blob", digest, currentBytes, totalBytes }) as const;

  test("are known where Podman tells them of each layer begun", () => {
    const progress = new PullProgress();
    assert.equal(progress.bytes, undefined);
    for (const update of [blob("a", 1_000_000, 4_000_000), blob("b", 500_000, 2_000_000), blob("a", 3_000_000, 4_000_000)]) {
      progress.see(update);
    }
    assert.deepEqual(progress.bytes, { current: 3_500_000, total: 6_000_000 });
    assert.match(progress.toString(), /3\.5 MB of 6\.0 MB$/);
    progress.see(blob("c", 100_000, 0));
    assert.equal(progress.bytes, undefined, "a layer of an unknown size");
    assert.match(progress.toString(), /3\.6 MB so far$/);
  });

  test("are without a sum where only the storage tells them, and none where nobody does", () => {
    const progress = new PullProgress();
    progress.see({ kind: "progress", text: "Copying blob sha256:a" });
    assert.equal(progress.toString(), "1 layer begun");
    progress.seeDownload(2_500_000);
    assert.deepEqual([progress.bytes, progress.toString()], [undefined, "1 layer begun, 2.5 MB so far"]);
  });
});
