import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainTask } from "@driver/testing";
import { AgentPresence } from "./agent-presence.ts";

const task = plainTask({ nodeId: "node-a" });

async function* endless(signal: AbortSignal): AsyncGenerator<number> {
  yield 1;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/** An agent that holds its stream open until the signal fires. */
async function listen(presence: AgentPresence, signal: AbortSignal): Promise<() => Promise<unknown>> {
  const stream = presence.whileListening(endless(signal));
  await stream.next();
  return () => stream.next();
}

describe("an agent", () => {
  test("has settled when it listens and has shown a task", async () => {
    const presence = new AgentPresence();
    presence.meet(task);
    await listen(presence, AbortSignal.abort());
    assert.equal(presence.hasSettled(0), true);
    assert.equal(presence.nodeId, "node-a");
  });

  test("has not settled before a task has told the node's id", async () => {
    const presence = new AgentPresence();
    presence.meet({ ...task, nodeId: "" });
    await listen(presence, AbortSignal.abort());
    assert.equal(presence.hasSettled(0), false);
  });

  test("has not settled when it does not listen, or does not any more", async () => {
    const presence = new AgentPresence();
    presence.meet(task);
    assert.equal(presence.hasSettled(0), false);
    const gone = new AbortController();
    const ended = await listen(presence, gone.signal);
    assert.equal(presence.hasSettled(0), true);
    const end = ended();
    gone.abort();
    await end;
    assert.equal(presence.hasSettled(0), false);
  });

  test("has not settled while a task is being recovered, nor within the grace after it", async () => {
    const presence = new AgentPresence();
    presence.meet(task);
    await listen(presence, AbortSignal.abort());
    const { promise, resolve } = Promise.withResolvers<void>();
    const recovery = presence.duringRecovery(() => promise);
    assert.equal(presence.hasSettled(0), false);
    resolve();
    await recovery;
    assert.equal(presence.hasSettled(0), true);
    assert.equal(presence.hasSettled(60_000), false);
  });

  test("counts a recovery that fails as one", async () => {
    const presence = new AgentPresence();
    presence.meet(task);
    await listen(presence, AbortSignal.abort());
    await assert.rejects(presence.duringRecovery(() => Promise.reject(new Error("gone"))), /gone/);
    assert.equal(presence.hasSettled(0), true);
    assert.equal(presence.hasSettled(60_000), false);
  });

  test("has another session only when it comes after all have gone", async () => {
    const presence = new AgentPresence();
    assert.equal(presence.session, undefined);
    const [gone, secondGone] = [new AbortController(), new AbortController()];
    const ended = await listen(presence, gone.signal);
    const first = presence.session;
    const secondEnded = await listen(presence, secondGone.signal);
    const ends = ended();
    gone.abort();
    await ends;
    assert.equal(presence.session, first);
    const secondEnds = secondEnded();
    secondGone.abort();
    await secondEnds;
    assert.equal(presence.session, undefined);
    await listen(presence, AbortSignal.abort());
    assert.notEqual(presence.session, first);
  });
});
