import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@driver/testing";
import { LogTroubles } from "./log-troubles.ts";
import { TaskLogs, type LogRun, type LogCarrier } from "./task-logs.ts";

/** One run, which ends as the test says. */
class ScriptedRun implements LogRun {
  readonly #end = Promise.withResolvers<void>();
  readonly finished = this.#end.promise;
  isDraining = false;
  isClosed = false;

  constructor() {
    this.finished.catch(() => undefined);
  }

  drain(): void {
    this.isDraining = true;
  }

  deliverAll(): void {
    this.#end.resolve();
  }

  fail(text: string): void {
    this.#end.reject(new Error(text));
  }

  close(): Promise<void> {
    this.isClosed = true;
    this.fail("closed");
    return Promise.resolve();
  }
}

class ScriptedCarrier implements LogCarrier {
  readonly runs: ScriptedRun[] = [];
  progress = 0;
  starts = 0;
  failure: string | undefined;
  isFinished = false;
  isClosed = false;

  start(): Promise<LogRun> {
    this.starts += 1;
    assert.ok(!this.isClosed && this.runs.every((run) => run.isClosed), "one run at a time, and none after the end");
    if (this.failure !== undefined) return Promise.reject(new Error(this.failure));
    const run = new ScriptedRun();
    this.runs.push(run);
    return Promise.resolve(run);
  }

  /** Settles with the `count`th run. */
  async run(count: number): Promise<ScriptedRun> {
    await until(() => this.runs.length >= count);
    return this.runs[count - 1] ?? assert.fail();
  }

  finish(): void {
    assert.ok(!this.isClosed);
    this.isFinished = true;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const intervals = { retryMs: 2, retryMostMs: 10, settledMs: 20 };
const limits = { timeoutMs: 10_000, mostMs: 20_000 };

function start(
  carrier: ScriptedCarrier,
  more: Partial<typeof intervals> = {},
): { readonly logs: TaskLogs; readonly warnings: string[]; readonly events: string[] } {
  const [warnings, events]: [string[], string[]] = [[], []];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (text: string, fields?: Readonly<Record<string, unknown>>) => void warnings.push(`${text} ${String(fields?.["error"] ?? "")}`),
  };
  const troubles = new LogTroubles({ taskId: "t", logger, emit: (text) => void events.push(text) });
  return { logs: new TaskLogs({ carrier, troubles, intervals: { ...intervals, ...more } }), warnings, events };
}

test("delivers all before the drain settles, and lets go of everything at the end", async () => {
  const carrier = new ScriptedCarrier();
  const { logs, warnings } = start(carrier);
  const run = await carrier.run(1);
  const drained = logs.drain(limits);
  assert.deepEqual([run.isDraining, carrier.isFinished], [true, false]);
  run.deliverAll();
  await drained;
  assert.equal(carrier.isFinished, true);
  await logs.close();
  assert.deepEqual([run.isClosed, carrier.isClosed, carrier.starts, warnings], [true, true, 1, []]);
});

test("tries to open the logs until they can be opened, and says so once", async () => {
  const carrier = new ScriptedCarrier();
  carrier.failure = "ENOSPC: no space left on device";
  const { logs, warnings, events } = start(carrier);
  await until(() => carrier.starts >= 10);
  carrier.failure = undefined;
  await carrier.run(1);
  await until(() => events.length === 2);
  await logs.close();
  assert.deepEqual(warnings, ["logs of task t: the output cannot be collected; trying again ENOSPC: no space left on device"]);
  assert.deepEqual(events, [
    "Logs: the output cannot be collected; trying again: ENOSPC: no space left on device",
    "Logs: all is well again",
  ]);
});

test("starts again after a failure in the middle, and when a run ends before its time", async () => {
  const carrier = new ScriptedCarrier();
  const { logs, warnings } = start(carrier);
  (await carrier.run(1)).fail("EIO: i/o error, read");
  (await carrier.run(2)).deliverAll();
  const third = await carrier.run(3);
  assert.deepEqual(carrier.runs.map((run) => run.isClosed), [true, true, false]);
  assert.match(warnings.join("\n"), /EIO: i\/o error, read\n.*the collection came to an end, and the container has not$/);
  const drained = logs.drain(limits);
  third.deliverAll();
  await drained;
  await logs.close();
});

test("waits longer from failure to failure, and briefly again once output has come", async () => {
  const carrier = new ScriptedCarrier();
  const { logs } = start(carrier, { retryMs: 20, retryMostMs: 60_000 });
  const untilRestarted = async (count: number): Promise<number> => {
    const run = await carrier.run(count);
    const beganMs = performance.now();
    run.fail("EIO");
    await carrier.run(count + 1);
    return performance.now() - beganMs;
  };
  const pauses: number[] = [];
  for (let count = 1; count <= 6; count += 1) pauses.push(await untilRestarted(count));
  carrier.progress += 1;
  const afterOutput = await untilRestarted(7);
  // It would be 1280 ms without the output, so that a busy machine may take its time.
  assert.ok((pauses[5] ?? 0) >= 635 && afterOutput < 1275, `${pauses.join(", ")}, then ${afterOutput}`);
  await logs.close();
});

test("tries at once when the container ends, however long it was going to wait", async () => {
  const carrier = new ScriptedCarrier();
  carrier.failure = "ENOTDIR";
  const { logs } = start(carrier, { retryMs: 60_000, retryMostMs: 60_000 });
  await until(() => carrier.starts === 1);
  await new Promise(setImmediate);
  carrier.failure = undefined;
  const drained = logs.drain(limits);
  const run = await carrier.run(1);
  await until(() => run.isDraining);
  run.deliverAll();
  await drained;
  await logs.close();
});

test("settles the drain of output that does not come on, and says that it is lost", async () => {
  for (const failure of [undefined, "ENOTDIR"]) {
    const carrier = new ScriptedCarrier();
    carrier.failure = failure;
    const { logs, warnings } = start(carrier);
    await until(() => carrier.starts > 0);
    const beganMs = performance.now();
    await logs.drain({ timeoutMs: 50, mostMs: 10_000 });
    assert.ok(performance.now() - beganMs >= 49);
    assert.match(warnings.at(-1) ?? "", /the last output could not be delivered in time and is lost/);
    assert.equal(carrier.isFinished, true);
    await logs.close();
    assert.equal(carrier.isClosed, true);
  }
});

test("waits for output that comes on slowly, but not for ever", async (context) => {
  const carrier = new ScriptedCarrier();
  const { logs, warnings } = start(carrier);
  await carrier.run(1);
  const flow = setInterval(() => (carrier.progress += 1), 5);
  context.after(() => clearInterval(flow));
  const beganMs = performance.now();
  await logs.drain({ timeoutMs: 40, mostMs: 200 });
  assert.ok(performance.now() - beganMs >= 199);
  assert.equal(warnings.length, 1);
  await logs.close();
});

test("ends at once when it is closed, while it runs, waits or opens", async () => {
  const running = new ScriptedCarrier();
  const first = start(running);
  await running.run(1);
  await first.logs.close();
  const waiting = new ScriptedCarrier();
  waiting.failure = "ENOSPC";
  const second = start(waiting, { retryMs: 60_000, retryMostMs: 60_000 });
  await until(() => second.warnings.length > 0);
  await second.logs.close();
  const opening = new ScriptedCarrier();
  const third = start(opening);
  await third.logs.close();
  await sleep(20);
  assert.deepEqual([running, waiting, opening].map(({ isClosed, starts }) => [isClosed, starts]), [[true, 1], [true, 1], [true, 1]]);
  assert.deepEqual([running.runs[0]?.isClosed, opening.runs[0]?.isClosed], [true, true]);
});
