import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStats } from "@driver/libpod";
import { RecordedLog, until } from "@driver/testing";
import { ScriptedStreams } from "../../test/scripted-streams.ts";
import { SharedStats, type StatsEndpoint } from "./shared-stats.ts";

const timings = { shortestMs: 1, longestMs: 5 };
const of = (containerId: string, cpuNs: number): ContainerStats => ({ containerId, cpuNs, cpuSystemNs: 0, memoryBytes: 1 });

/** A statistics endpoint that gives what the test puts in, one stream after the other, and then stays open. */
class ScriptedStats extends ScriptedStreams<readonly ContainerStats[]> implements StatsEndpoint {
  readonly intervals: number[] = [];

  stats(
    { intervalSeconds }: { readonly intervalSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<readonly ContainerStats[], void, undefined> {
    this.intervals.push(intervalSeconds);
    return this.next(signal);
  }
}

test("has one stream for all, and none when nobody listens", async () => {
  const script = new ScriptedStats();
  const stats = new SharedStats(script, new RecordedLog().logger, timings);
  const subscriptions = ["a", "a", "b"].map((id) => stats.subscribe(id, 1000));
  await until(() => script.open === 1);
  for (const subscription of subscriptions) subscription.close();
  await until(() => script.open === 0);
  const again = stats.subscribe("c", 1000);
  await until(() => script.open === 1);
  again.close();
  await until(() => script.open === 0);
  assert.equal(script.intervals.length, 2);
});

test("gives each reader the newest figures of its container, once", async () => {
  const script = new ScriptedStats();
  script.streams.push([[of("a", 1)], [of("a", 2), of("b", 3)]]);
  const stats = new SharedStats(script, new RecordedLog().logger, timings);
  const [first, second, other, absent] = ["a", "a", "b", "c"].map((id) => stats.subscribe(id, 1000));
  await until(() => script.intervals.length === 2);
  assert.deepEqual(
    [first?.take()?.stats.cpuNs, second?.take()?.stats.cpuNs, other?.take()?.stats.cpuNs, absent?.take()],
    [2, 2, 3, undefined],
  );
  assert.deepEqual([first?.take(), second?.take()], [undefined, undefined]);
  stats.close();
});

test("keeps the pace of the most impatient, in whole seconds", async () => {
  const script = new ScriptedStats();
  const stats = new SharedStats(script, new RecordedLog().logger, timings);
  const slow = stats.subscribe("a", 5000);
  await until(() => script.open === 1);
  const quick = stats.subscribe("b", 2500);
  await until(() => script.intervals.length === 2 && script.open === 1);
  stats.subscribe("c", 300).close();
  await until(() => script.intervals.length === 3 && script.open === 1);
  assert.deepEqual(script.intervals, [5, 2, 1]);
  slow.close();
  quick.close();
  await until(() => script.open === 0);
});

test("opens the stream again when it breaks, and tells each reason once", async () => {
  const script = new ScriptedStats();
  const log = new RecordedLog();
  script.streams.push(new Error("refused"), new Error("refused"), [[of("a", 1)]], new Error("refused"));
  const stats = new SharedStats(script, log.logger, timings);
  const subscription = stats.subscribe("a", 1000);
  await until(() => script.open === 1);
  assert.equal(subscription.take()?.stats.cpuNs, 1);
  assert.deepEqual(log.lines.map(({ level }) => level), ["warn", "debug", "info", "warn"]);
  subscription.close();
  await until(() => script.open === 0);
  assert.equal(log.lines.length, 4);
});
