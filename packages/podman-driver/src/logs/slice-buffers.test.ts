import assert from "node:assert/strict";
import { test } from "node:test";
import { SliceBuffers, type Slice } from "./slice-buffers.ts";

test("lends one slice again and again where one is enough", async () => {
  const buffers = new SliceBuffers();
  const lent = new Set<Slice>();
  for (let times = 0; times < 10; times += 1) await buffers.lease(async (slice) => void lent.add(slice));
  assert.equal(lent.size, 1);
});

test("never lends a slice to two at a time", async () => {
  const buffers = new SliceBuffers();
  const inUse = new Set<Slice>();
  const work = async (slice: Slice): Promise<void> => {
    assert.ok(!inUse.has(slice));
    inUse.add(slice);
    await new Promise(setImmediate);
    inUse.delete(slice);
  };
  for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 20 }, () => buffers.lease(work)));
});

test("does not lend a slice again after a failure: a write broken off may still read from it", async () => {
  const buffers = new SliceBuffers();
  let failed: Slice | undefined;
  const failing = buffers.lease((slice) => {
    failed = slice;
    return Promise.reject(new Error("broken off"));
  });
  await assert.rejects(failing, /broken off/);
  await buffers.lease(async (slice) => assert.notEqual(slice, failed));
});

test("gives back what the work gives", async () => {
  assert.equal(await new SliceBuffers().lease(async ({ input }) => input.length), 65_536);
});
