import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "@driver/nomad-plugin";
import { UnfinishedRemovals } from "./unfinished-removals.ts";

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => silent, with: () => silent };
const pauses = { shortestMs: 1, longestMs: 4 };

test("tries until it works, and no task twice at a time", async () => {
  const removals = new UnfinishedRemovals(silent, pauses);
  let tries = 0;
  const done = new Promise<void>((resolve) => {
    const remove = async (): Promise<void> => {
      tries += 1;
      if (tries < 4) throw new Error("busy");
      resolve();
    };
    removals.add("task", remove);
    removals.add("task", () => assert.fail("tried twice"));
  });
  await done;
  await removals.close();
  assert.equal(tries, 4);
});

test("ends with the driver, also in the middle of a try, and takes nothing more", async () => {
  const removals = new UnfinishedRemovals(silent, pauses);
  await new Promise<void>((tried) => {
    removals.add("task", (signal) => {
      tried();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    });
  });
  await removals.close();
  removals.add("other", () => assert.fail("tried after the end"));
  await removals.close();
});
