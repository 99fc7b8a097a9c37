import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import { UnfinishedRemovals } from "./unfinished-removals.ts";

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => silent, with: () => silent };
const pauses = { shortestMs: 1, longestMs: 4 };

test("tries until it works, and no task twice at a time", async () => {
  const removals = new UnfinishedRemovals(silent, pauses);
  let tries = 0;
  let others = 0;
  const done = new Promise<void>((resolve) => {
    const remove = async (): Promise<void> => {
      tries += 1;
      if (tries < 4) throw new Error("busy");
      resolve();
    };
    removals.add("task", remove);
    removals.add("task", async () => void (others += 1));
  });
  await done;
  await removals.close();
  assert.deepEqual([tries, others], [4, 0]);
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
  let late = 0;
  removals.add("other", async () => void (late += 1));
  await sleep(5 * pauses.longestMs);
  assert.equal(late, 0);
});

test("tells the operator once of a container that stays", async () => {
  const warnings: string[] = [];
  const removals = new UnfinishedRemovals({ ...silent, warn: (message) => void warnings.push(message) }, pauses);
  let tries = 0;
  await new Promise<void>((resolve) => {
    removals.add("task", async () => {
      tries += 1;
      if (tries === 8) resolve();
      throw new Error("busy");
    });
  });
  await removals.close();
  assert.deepEqual(warnings, ["container still cannot be removed; it is tried again"]);
});
