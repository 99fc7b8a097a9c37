import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { TaskHandle } from "./task-handle.ts";
import { TaskStore } from "./task-store.ts";

const caller = new AbortController().signal;

/** A task of which the store needs to know no more than whose it is and how to let it go. */
class Closable {
  readonly task: Pick<TaskConfig, "name" | "allocId">;
  closed = false;

  constructor(name = "web", allocId = "alloc") {
    this.task = { name, allocId };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const asTask = (closable: Closable): TaskHandle => closable as unknown as TaskHandle;

test("knows a task from the end of its start until it is deleted", async () => {
  const store = new TaskStore();
  const task = asTask(new Closable());
  const answer = await store.claim("a", { caller }, async () => {
    assert.deepEqual([store.has("a"), store.isOwned("a", 1), store.size], [false, true, 1]);
    return { task, answer: "started" };
  });
  assert.equal(answer, "started");
  assert.equal(store.get("a"), task);
  assert.deepEqual([store.has("a"), store.isOwned("a", 1), store.size], [true, true, 1]);
  store.delete("a");
  assert.throws(() => store.get("a"), { code: "task-not-found", message: "task not found for given id: a" });
  assert.equal(store.find("a"), undefined);
});

test("refuses a second start while the first is under way and after it", async () => {
  const store = new TaskStore();
  const { promise, resolve } = Promise.withResolvers<{ task: TaskHandle; answer: number }>();
  const first = store.claim("a", { caller }, () => promise);
  await assert.rejects(
    store.claim("a", { caller }, () => assert.fail()),
    { code: "task-state", message: 'task with ID "a" already started' },
  );
  resolve({ task: asTask(new Closable()), answer: 1 });
  assert.equal(await first, 1);
  await assert.rejects(store.claim("a", { caller }, () => assert.fail()), { code: "task-state" });
});

test("forgets a start that failed", async () => {
  const store = new TaskStore();
  await assert.rejects(store.claim("a", { caller }, () => Promise.reject(new Error("no"))), /no/);
  assert.equal(store.size, 0);
  await store.claim("a", { caller }, async () => ({ task: asTask(new Closable()), answer: undefined }));
  assert.equal(store.has("a"), true);
});

test("breaks a start off when the task is withdrawn, and settles when nothing of it goes on", async () => {
  const store = new TaskStore();
  let isUndone = false;
  const start = store.claim("a", { caller }, async (withdrawn) => {
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
  const start = store.claim("a", { caller }, async () => {
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
  for (const [index, task] of tasks.entries()) {
    await store.claim(String(index), { caller }, async () => ({ task: asTask(task), answer: undefined }));
  }
  await store.close();
  assert.deepEqual([tasks.every(({ closed }) => closed), store.size], [true, 0]);
});

test("has a start wait for the end of an earlier one of the same task that is being undone", async () => {
  const store = new TaskStore();
  const hangUp = new AbortController();
  const undoing = Promise.withResolvers<never>();
  const first = assert.rejects(store.claim("a", { caller: hangUp.signal }, () => undoing.promise), /undone/);
  await assert.rejects(store.claim("a", { caller }, () => assert.fail()), { code: "task-state" });
  hangUp.abort(new Error("hung up"));
  let isSecondBegun = false;
  const second = store.claim("a", { caller }, async () => {
    isSecondBegun = true;
    return { task: asTask(new Closable()), answer: 2 };
  });
  await new Promise(setImmediate);
  assert.equal(isSecondBegun, false);
  undoing.reject(new Error("undone"));
  await first;
  assert.equal(await second, 2);
});

test("gives the maker a signal that fires when the caller leaves", async () => {
  const store = new TaskStore();
  const hangUp = new AbortController();
  const untilAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
  const start = store.claim("a", { caller: hangUp.signal }, untilAborted);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(start, /hung up/);
  await assert.rejects(store.claim("a", { caller: hangUp.signal }, () => assert.fail()), /hung up/);
});

describe("a started task that nobody has asked for", () => {
  const start = async (
    store: TaskStore,
    id: string,
    more: { readonly task?: Closable; readonly startedFor?: number } = {},
  ): Promise<Closable> => {
    const { task = new Closable(), ...options } = more;
    await store.claim(id, { caller, ...options }, async () => ({ task: asTask(task), answer: undefined }));
    return task;
  };

  test("has no owner once its agent has gone and another is there", async () => {
    const store = new TaskStore();
    await start(store, "lost", { startedFor: 1 });
    await start(store, "asked", { startedFor: 1 });
    await start(store, "recovered");
    store.get("asked");
    const owned = (session: number): readonly boolean[] =>
      ["lost", "asked", "recovered", "unknown"].map((id) => store.isOwned(id, session));
    assert.deepEqual(owned(1), [true, true, true, false]);
    assert.deepEqual(owned(2), [false, true, true, false]);
  });

  test("is let go when a later start of the same task has taken its container's place", async () => {
    const store = new TaskStore();
    const lost = await start(store, "lost", { startedFor: 1 });
    const asked = await start(store, "asked", { startedFor: 1 });
    store.get("asked");
    const other = await start(store, "other", { startedFor: 1, task: new Closable("db") });
    const next = await start(store, "next", { startedFor: 1 });
    store.dropReplacedBy({ id: "next", name: "web", allocId: "alloc" } as TaskConfig);
    assert.deepEqual([lost, asked, other, next].map(({ closed }) => closed), [true, false, false, false]);
    assert.deepEqual(["lost", "asked", "other", "next"].map((id) => store.has(id)), [false, true, true, true]);
  });
});
