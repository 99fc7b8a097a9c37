import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@driver/testing";
import { LoadProgress } from "./load-progress.ts";
import type { PullStatus } from "./pull-status.ts";

const reportTimes = { firstMs: 500, eachMs: 100_000 };

test("tells how far a load is while nothing is read, and what it waits for once all is", async () => {
  const told: string[] = [];
  const followed: PullStatus[] = [];
  const options = { shown: "a.tar", reportTimes, tell: (text: string) => told.push(text), follow: (one: PullStatus) => followed.push(one) };
  {
    using reading = new LoadProgress({ ...options, sizeBytes: 4000 });
    reading.add(1000);
    await until(() => told.length === 1);
    assert.match(told[0] ?? "", /^Loading image a\.tar: 1\.0 kB of 4\.0 kB, \d\.\d s$/);
    reading.add(3000);
    reading.end();
    await until(() => followed.some(({ text }) => text === "4.0 kB read, Podman is unpacking"));
  }
  assert.equal(told.length, 1, "it was told at each look");
  assert.equal(followed.at(-1)?.hasEnded, true);
  {
    using unknown = new LoadProgress({ ...options, sizeBytes: 0 });
    unknown.add(10);
    await until(() => told.length === 2);
    assert.match(told[1] ?? "", /: 10 B so far, /);
  }
});
