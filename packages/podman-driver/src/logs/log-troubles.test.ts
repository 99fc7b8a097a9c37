import assert from "node:assert/strict";
import { test } from "node:test";
import { LogTroubles } from "./log-troubles.ts";

function start(): { readonly troubles: LogTroubles; readonly lines: string[]; readonly events: string[]; wait(ms: number): void } {
  const [lines, events]: [string[], string[]] = [[], []];
  let nowMs = 5;
  const say = (level: string) => (text: string, fields?: object) => void lines.push(`${level} ${text} ${JSON.stringify(fields ?? {})}`);
  const logger = { debug: say("debug"), info: say("info"), warn: say("warn") };
  const troubles = new LogTroubles({ taskId: "t", logger, emit: (text) => void events.push(text), nowMs: () => nowMs });
  return { troubles, lines, events, wait: (ms) => void (nowMs += ms) };
}

test("warns of the first failure and of each change, and tells the owner once until all is well", () => {
  const { troubles, lines, events, wait } = start();
  troubles.clear("a");
  troubles.raise("a", "it fails", new Error("ENOSPC"));
  wait(120_000);
  troubles.raise("a", "it fails", new Error("ENOSPC"));
  troubles.raise("a", "it fails", new Error("EIO"));
  troubles.clear("a");
  troubles.clear("a");
  assert.deepEqual(lines, [
    'warn logs of task t: it fails {"part":"a","error":"ENOSPC"}',
    'debug logs of task t: it fails {"part":"a","error":"ENOSPC"}',
    'warn logs of task t: it fails {"part":"a","error":"EIO"}',
    'info logs of task t: all is well again {"part":"a"}',
  ]);
  assert.deepEqual(events, ["Logs: it fails: ENOSPC", "Logs: all is well again"]);
});

test("tells the owner of what comes and goes not more than once a minute", () => {
  const { troubles, events, wait } = start();
  for (let round = 0; round < 100; round += 1) {
    troubles.raise("a", "it fails");
    troubles.clear("a");
    wait(1000);
  }
  assert.equal(events.length, 4);
});

test("is one trouble for the owner when both streams fail, which ends with the last of them", () => {
  const { troubles, lines, events } = start();
  troubles.raise("out", "out fails");
  troubles.raise("err", "err fails");
  troubles.clear("out");
  assert.deepEqual(events, ["Logs: out fails"]);
  troubles.clear("err");
  assert.deepEqual(events, ["Logs: out fails", "Logs: all is well again"]);
  assert.equal(lines.filter((line) => line.startsWith("warn")).length, 2);
});

test("names files and not the descriptors they are opened through, which change from try to try", () => {
  const { troubles, lines, events } = start();
  for (const fd of [24, 25]) {
    troubles.raise("a", "it fails", new Error(`ENOSPC: no space left on device, open '/proc/self/fd/${fd}/web.stdout.0'`));
  }
  assert.deepEqual(events, ["Logs: it fails: ENOSPC: no space left on device, open 'web.stdout.0'"]);
  assert.equal(lines.filter((line) => line.startsWith("warn")).length, 1);
});
