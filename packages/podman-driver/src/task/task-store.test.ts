import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskHandle } from "./task-handle.ts";
import { TaskStore } from "./task-store.ts";

/** A task of which the store needs to know no more than how to let it go. */
class Closable {
  closed = false;

  async close(): Promise<void> {
    this.closed = true;
  }
}

const asTask = (closable: Closable): TaskHandle => closable as unknown as TaskHandle;

test("knows a task from the end of its start until it is deleted", async () => {
  const store = new TaskStore();
  const task = asTask(new Closable());
  const answer = await store.claim("a", async () => {
    assert.deepEqual([store.has("a"), store.isClaimed("a"), store.size], [false, true, 1]);
    return { task, answer: "started" };
  });
  assert.equal(answer, "started");
  assert.equal(store.get("a"), task);
  assert.deepEqual([store.has("a"), store.isClaimed("a"), store.size], [true, false, 1]);
  store.delete("a");
  assert.throws(() => store.get("a"), { code: "task-not-found", message: "task not found for given id: a" });
  assert.equal(store.find("a"), undefined);
});

test("refuses a second start while the first is under way and after it", async () => {
  const store = new TaskStore();
  const { promise, resolve } = Promise.withResolvers<{ task: TaskHandle; answer: number }>();
  const first = store.claim("a", () => promise);
  await assert.rejects(store.claim("a", () => assert.fail()), { code: "task-state", message: 'task with ID "a" already started' });
  resolve({ task: asTask(new Closable()), answer: 1 });
  assert.equal(await first, 1);
  await assert.rejects(store.claim("a", () => assert.fail()), { code: "task-state" });
});

test("forgets a start that failed", async () => {
  const store = new TaskStore();
  await assert.rejects(store.claim("a", () => Promise.reject(new Error("no"))), /no/);
  assert.equal(store.size, 0);
  await store.claim("a", async () => ({ task: asTask(new Closable()), answer: undefined }));
  assert.equal(store.has("a"), true);
});

test("breaks a start off when the task is withdrawn, and settles when nothing of it goes on", async () => {
  const store = new TaskStore();
  let isUndone = false;
  const start = store.claim("a", async (withdrawn) => {
    await new Promise((resolve) => withdrawn.addEventListener("abort", resolve, { once: true }));
    await new Promise(setImmediate);
    isUndone = true;
    throw withdrawn.reason;
  });
  const rejected = assert.rejects(start, /task a was stopped while it was being started/);
  assert.equal(await store.withdraw("a"), true);
  assert.equal(isUndone, true);
  await rejected;
  assert.equal(await store.withdraw("a"), false);
});

test("tells that a start had got too far to be withdrawn", async () => {
  const store = new TaskStore();
  const start = store.claim("a", async () => {
    await new Promise(setImmediate);
    return { task: asTask(new Closable()), answer: undefined };
  });
  assert.equal(await store.withdraw("a"), false);
  await start;
  assert.equal(store.has("a"), true);
});

test("lets go of everything when it is closed", async () => {
  const store = new TaskStore();
  const tasks = [new Closable(), new Closable()];
  for (const [index, task] of tasks.entries()) await store.claim(String(index), async () => ({ task: asTask(task), answer: undefined }));
  await store.close();
  assert.deepEqual([tasks.every(({ closed }) => closed), store.size], [true, 0]);
});
