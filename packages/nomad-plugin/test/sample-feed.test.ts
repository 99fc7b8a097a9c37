import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed, waitAborted, type FeedListener } from "@driver/std";
import { taskNotFound, type TaskStats } from "../src/index.ts";
import { scriptedDriver } from "./scripted-driver.ts";
import { serveInProcess } from "./serve-in-process.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
const sample: TaskStats = { timestampNs: 1_755_771_072_123_456_789n, cpu: { percent: 12.5 }, memory: { rssBytes: 5 } };

/** What a driver gives that has one reader for all tasks. */
class ScriptedFeed extends Feed<TaskStats> {
  readonly #script: (listener: FeedListener<TaskStats>) => void;

  constructor(script: (listener: FeedListener<TaskStats>) => void) {
    super();
    this.#script = script;
  }

  follow(listener: FeedListener<TaskStats>): void {
    this.#script(listener);
  }

  close(): void {
    assert.fail("the server leaves it to the call's signal to end a feed");
  }
}

test("a feed's samples arrive, and its end does, good or bad", async () => {
  const ended = Promise.withResolvers<string>();
  await using served = await serveInProcess(
    scriptedDriver({
      taskStats: (taskId, _options, signal) => {
        if (taskId === "refused") throw taskNotFound(taskId);
        return new ScriptedFeed((listener) => {
          for (let count = 0; count < 3; count += 1) void listener.take(sample);
          if (taskId === "short") listener.end();
          if (taskId === "failing") listener.end(taskNotFound(taskId));
          if (taskId === "throwing") throw new Error("cannot begin");
          void waitAborted(signal).then(() => {
            listener.end();
            if (taskId === "long") ended.resolve(taskId);
          });
        });
      },
    }),
  );
  const read = (taskId: string): AsyncIterable<TaskStats> => served.driver.taskStats(taskId, { intervalMs: 1000 }, soon());
  assert.equal((await Array.fromAsync(read("short"))).length, 3);
  for (const [taskId, count] of [["refused", 0], ["failing", 3]] as const) {
    const seen: TaskStats[] = [];
    const reading = async (): Promise<void> => {
      for await (const stats of read(taskId)) seen.push(stats);
    };
    await assert.rejects(reading, { code: "task-not-found" });
    assert.equal(seen.length, count);
  }
  await assert.rejects(Array.fromAsync(read("throwing")), /cannot begin/);
  for await (const { cpu } of read("long")) {
    assert.equal(cpu.percent, 12.5);
    break;
  }
  assert.equal(await ended.promise, "long");
});

test("a feed is told to wait when its reader has no room, and to go on when he has", async () => {
  let taken = 0;
  const full = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  await using served = await serveInProcess(
    scriptedDriver({
      taskStats: (_taskId, _options, signal) =>
        new ScriptedFeed((listener) => {
          const fill = (): void => {
            for (;;) {
              taken += 1;
              const wait = listener.take(sample);
              if (wait === undefined) continue;
              full.resolve();
              return void wait.then(() => (goesOn.resolve(), listener.end()));
            }
          };
          void waitAborted(signal).then(() => listener.end());
          fill();
        }),
    }),
  );
  const samples = served.driver.taskStats("t", { intervalMs: 1000 }, soon())[Symbol.asyncIterator]();
  await samples.next();
  await full.promise;
  let read = 1;
  while ((await samples.next()).done !== true) read += 1;
  await goesOn.promise;
  assert.equal(read, taken);
});
