import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { verifyChunks } from "./archive-content.ts";

test("lets the last piece of an archive go on only when all are known to be right", async () => {
  const pieces = [Buffer.from("one"), Buffer.from("two"), Buffer.from("three")];
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* pieces;
  }
  const given: string[] = [];
  let bytes = 0;
  const wanted = `sha256:${createHash("sha256").update("onetwothree").digest("hex")}`;
  const read = async (refuses: boolean): Promise<void> => {
    const onDigest = (digest: string): void => {
      assert.equal(digest, wanted);
      if (refuses) throw new Error("wrong");
    };
    for await (const chunk of verifyChunks(chunks(), { onBytes: (more) => (bytes += more), onDigest })) given.push(String(chunk));
  };
  await assert.rejects(read(true), /wrong/);
  assert.deepEqual([given.splice(0), bytes], [["one", "two"], 11]);
  await read(false);
  assert.deepEqual(given, ["one", "two", "three"]);
});
