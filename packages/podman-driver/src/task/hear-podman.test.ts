import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RecordedLog } from "@driver/testing";
import { Heartbeat } from "../host/heartbeat.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { hearPodman } from "./hear-podman.ts";

const patienceMs = 50;
const never = new Promise<string>(() => undefined);

/** What is heard while the heartbeat beats, which holds no process. */
async function hear(
  asking: Promise<string>,
  isMainGone: () => boolean,
  { signal = new AbortController().signal, forMs = patienceMs }: { readonly signal?: AbortSignal; readonly forMs?: number } = {},
): Promise<string> {
  const heartbeat = new Heartbeat(new RepeatedFailure(new RecordedLog().logger, "look"), 5);
  const holding = setInterval(() => undefined, 1000);
  try {
    return await hearPodman(asking, { processes: { isMainGone }, heartbeat, patienceMs: forMs }, signal);
  } finally {
    clearInterval(holding);
    heartbeat.close();
  }
}

test("hears a Podman that answers late, whether or not the process is gone", async () => {
  assert.equal(await hear(sleep(4 * patienceMs, "answer"), () => false), "answer");
  assert.equal(await hear(sleep(patienceMs / 2, "answer"), () => true, { forMs: 60_000 }), "answer");
});

test("does not wait for ever once the process is gone, and counts from then on", async () => {
  const goneAtMs = performance.now() + 2 * patienceMs;
  assert.equal(await hear(never, () => performance.now() >= goneAtMs), "silent");
  assert.ok(performance.now() - goneAtMs >= patienceMs - 1);
});

test("rejects as the question does, and with the reason of whoever leaves", async () => {
  await assert.rejects(hear(Promise.reject(new Error("no such container")), () => true), /no such container/);
  const leaving = new AbortController();
  const hearing = hear(never, () => false, { signal: leaving.signal });
  leaving.abort(new Error("let go"));
  await assert.rejects(hearing, /let go/);
});
