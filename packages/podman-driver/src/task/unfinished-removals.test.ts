import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@driver/nomad-plugin";
import { UnfinishedRemovals } from "./unfinished-removals.ts";

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, named: () => silent, with: () => silent };
const pauses = { shortestMs: 1, longestMs: 4 };
const holders: readonly string[] = [];

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
    removals.add("task", { remove, holders });
    removals.add("task", { remove: async () => void (others += 1), holders });
  });
  await done;
  await removals.close();
  assert.deepEqual([tries, others], [4, 0]);
});

test("ends with the driver, also in the middle of a try, and takes nothing more", async () => {
  const removals = new UnfinishedRemovals(silent, pauses);
  await new Promise<void>((tried) => {
    const remove = (signal: AbortSignal): Promise<void> => {
      tried();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
    };
    removals.add("task", { remove, holders });
  });
  await removals.close();
  let late = 0;
  removals.add("other", { remove: async () => void (late += 1), holders });
  await sleep(5 * pauses.longestMs);
  assert.equal(late, 0);
});

test("tells the operator once of a container that stays", async () => {
  const warnings: string[] = [];
  const removals = new UnfinishedRemovals({ ...silent, warn: (message) => void warnings.push(message) }, pauses);
  let tries = 0;
  await new Promise<void>((resolve) => {
    const remove = async (): Promise<void> => {
      tries += 1;
      if (tries === 8) resolve();
      throw new Error("busy");
    };
    removals.add("task", { remove, holders });
  });
  await removals.close();
  assert.deepEqual(warnings, ["container still cannot be removed; it is tried again"]);
});

test("tries at once what a container held that is gone, and nothing else", async () => {
  const removals = new UnfinishedRemovals(silent, { shortestMs: 600_000, longestMs: 600_000 });
  const tries: string[] = [];
  let isHeld = true;
  const removalOf = (name: string) => async (): Promise<void> => {
    tries.push(name);
    if (isHeld) throw new Error("held");
  };
  removals.add("server", { remove: removalOf("server"), holders: ["a", "b"] });
  removals.add("other", { remove: removalOf("other"), holders: ["c"] });
  await removals.tryHeldBy("a");
  isHeld = false;
  await removals.tryHeldBy("b");
  await removals.tryHeldBy("b");
  assert.deepEqual(tries, ["server", "server"]);
  await removals.close();
});

test("does not wait for a try that the end of the driver has cut off", async () => {
  const removals = new UnfinishedRemovals(silent, { shortestMs: 600_000, longestMs: 600_000 });
  const remove = (signal: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
  removals.add("server", { remove, holders: ["a"] });
  const tried = removals.tryHeldBy("a");
  await removals.close();
  await tried;
});
