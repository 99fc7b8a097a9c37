import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@driver/testing";
import { PullProgress } from "./pull-progress.ts";
import { defaultReportTimes, PullWatch } from "./pull-watch.ts";

test("tells of a pull first, then again and again, and no more often than it is told to", async () => {
  const toldMs: number[] = [];
  const startMs = performance.now();
  {
    await using _watch = await PullWatch.start({
      reference: "r.io/x:1",
      progress: new PullProgress(),
      downloadFolder: "",
      activityTimeoutMs: Infinity,
      reportTimes: { firstMs: 500, eachMs: 1500 },
      tell: (message) => {
        assert.match(message, /^Pulling image r\.io\/x:1: the registry has not sent a layer yet, [\d.]+ s$/);
        toldMs.push(performance.now() - startMs);
      },
      follow: () => undefined,
      onStalled: () => assert.fail("it is no stall"),
    });
    await until(() => toldMs.length === 3, 30_000);
  }
  const [first = 0, second = 0, third = 0] = toldMs;
  assert.ok(first >= 500 && second - first >= 1500 && third - second >= 1500, toldMs.join(" "));
  assert.deepEqual(defaultReportTimes, { firstMs: 10_000, eachMs: 30_000 });
});
