import assert from "node:assert/strict";
import { test } from "node:test";
import { StorageTurns } from "./storage-turns.ts";

const never = new AbortController().signal;

/** Notes whose turn it is, and ends turns by name. */
function rig() {
  const turns = new StorageTurns();
  const log: string[] = [];
  const held = new Map<string, Disposable>();
  return {
    log,
    async begin(name: string, signal = never): Promise<void> {
      try {
        held.set(name, await turns.begin(name.startsWith("alone"), signal));
        log.push(name);
      } catch {
        log.push(`${name} left`);
      }
    },
    async end(name: string): Promise<void> {
      held.get(name)?.[Symbol.dispose]();
      await new Promise(setImmediate);
    },
  };
}

test("starts go side by side, and one that wants it alone waits for all of them, and those behind it for it", async () => {
  const { log, begin, end } = rig();
  for (const name of ["a", "b", "alone", "c", "d"]) void begin(name);
  await end("");
  assert.deepEqual(log, ["a", "b"]);
  await end("a");
  assert.deepEqual(log, ["a", "b"]);
  await end("b");
  assert.deepEqual(log, ["a", "b", "alone"]);
  await end("alone");
  assert.deepEqual(log, ["a", "b", "alone", "c", "d"]);
});

test("who leaves holds up nobody", async () => {
  const { log, begin, end } = rig();
  const leaving = new AbortController();
  void begin("a");
  void begin("alone", leaving.signal);
  void begin("b");
  await end("");
  leaving.abort();
  await end("");
  assert.deepEqual(log, ["a", "alone left", "b"]);
  await end("a");
  await end("b");
  void begin("alone 2");
  await end("");
  assert.deepEqual(log.at(-1), "alone 2");
});
