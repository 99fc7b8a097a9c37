import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, suite, test } from "node:test";
import { until } from "@driver/testing";
import { findEvent } from "./allocation.ts";
import { taskName } from "./job-file.ts";
import { fieldOf, numberOf } from "./json-fields.ts";
import { startTask, untilReleased } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const agent = await NomadAgent.start({ name: "task-life" });
after(() => agent[Symbol.asyncDispose]());
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("the node lists the driver as healthy, with its attributes", async () => {
  const health = await agent.readHealth();
  assert.equal(health?.isHealthy, true, health?.description ?? "the node is not known");
  assert.equal(health?.attributes["driver.podman"], "1");
  assert.match(health?.attributes["driver.podman.version"] ?? "", /^\d+\.\d+\.\d+/);
});

suite("a task under a real agent", { concurrency: 3 }, () => {
  test("prints random bytes on both streams, and alloc logs shows them as they are", async () => {
    const make = (name: string): string => `head -c 700001 /dev/urandom >/alloc/data/${name}`;
    const script = `${make("left")}; ${make("right")}; cat /alloc/data/left & cat /alloc/data/right >&2; wait; exit 3`;
    const task = await startTask(agent, { name: "random-bytes", script });
    assert.equal((await task.untilExit()).code, 3);
    for (const { stream, file, option } of [
      { stream: "stdout", file: "left", option: "-stdout" },
      { stream: "stderr", file: "right", option: "-stderr" },
    ] as const) {
      await until(async () => (await task.readLog(stream)).length >= 700_001);
      const shown = await agent.run(["alloc", "logs", option, task.id, taskName]);
      assert.equal(shown.stdout.length, 700_001, stream);
      assert.equal(sha256(shown.stdout), sha256(await task.readData(file)), stream);
    }
  });

  test("that ends well is complete with code 0", async () => {
    const task = await startTask(agent, { name: "ends-well", script: "echo all well" });
    assert.deepEqual(await task.untilExit(), { code: 0, signal: 0, oomKilled: false, restarts: 0 });
    assert.equal((await task.report()).status, "complete");
  });

  test("that is killed from outside is failed with code 137 and signal 9", async () => {
    const task = await startTask(agent, { name: "is-killed", script: `echo I am here; ${untilReleased}` });
    await task.untilPrinted("I am here");
    await task.killFromOutside();
    assert.deepEqual(await task.untilExit(), { code: 137, signal: 9, oomKilled: false, restarts: 0 });
    assert.equal((await task.report()).status, "failed");
  });

  test("that takes more memory than it may is reported as out of memory", async () => {
    const task = await startTask(agent, { name: "grows", memoryMb: 24, script: "text=grow; while :; do text=$text$text; done" });
    const exit = await task.untilExit();
    assert.deepEqual(exit, { code: 137, signal: 9, oomKilled: true, restarts: 0 });
    assert.match(findEvent(await task.report(), "Terminated")?.message ?? "", /OOM/);
  });

  test("that ignores its kill signal is killed after kill_timeout, not sooner and not much later", async () => {
    const task = await startTask(agent, {
      name: "deaf",
      type: "service",
      killTimeout: "3s",
      script: "trap '' TERM; echo deaf; while :; do sleep 0.1; done",
    });
    await task.untilPrinted("deaf");
    await task.stopJob();
    assert.equal((await task.untilExit()).code, 137);
    const report = await task.report();
    const tookMs = (findEvent(report, "Terminated")?.timeMs ?? 0) - (findEvent(report, "Killing")?.timeMs ?? 0);
    assert(tookMs >= 2900 && tookMs < 6000, `${tookMs} ms`);
  });

  test("gets the kill_signal of its job and no other", async () => {
    const script = "trap 'echo a hangup; exit 21' HUP; trap 'echo terminated' TERM; echo listens; while :; do sleep 0.05; done";
    const task = await startTask(agent, { name: "listens", type: "service", killSignal: "SIGHUP", script });
    await task.untilPrinted("listens");
    await task.stopJob();
    assert.equal((await task.untilExit()).code, 21);
    await task.untilPrinted("a hangup\n");
    assert.equal((await task.readLog("stdout")).toString(), "listens\na hangup\n");
  });

  test("can be entered by alloc exec with piped input: it ends, both streams come, and so does the code", async () => {
    const task = await startTask(agent, { name: "is-entered", type: "service", script: `echo open; ${untilReleased}` });
    await task.untilPrinted("open");
    const stdin = Buffer.concat(Array.from({ length: 20_000 }, (_, index) => Buffer.from(`piped ${index}\n`)));
    const inner = ["sh", "-c", "cat; echo and an error >&2; exit 17"];
    const result = await agent.run(["alloc", "exec", "-i", "-t=false", "-task", taskName, task.id, ...inner], { stdin });
    assert.equal(result.stderr.toString(), "and an error\n");
    assert.equal(result.code, 17);
    assert.equal(sha256(result.stdout), sha256(stdin), `${result.stdout.length} bytes of ${stdin.length}`);
  });

  test("has its memory and CPU in the statistics", async () => {
    const script =
      "text=$(head -c 3000000 /dev/zero | tr '\\0' x); echo holds memory; " +
      "while :; do n=0; while [ $n -lt 5000 ]; do n=$((n+1)); done; sleep 0.05; done";
    const task = await startTask(agent, { name: "is-measured", type: "service", script });
    await task.untilPrinted("holds memory");
    await until(async () => {
      const usage = fieldOf(await agent.api.get(`/v1/client/allocation/${task.id}/stats`), "ResourceUsage");
      if (usage === null || usage === undefined) return false;
      const memory = numberOf(fieldOf(usage, "MemoryStats"), "RSS");
      return memory > 3_000_000 && memory < 32 * 2 ** 20 && numberOf(fieldOf(usage, "CpuStats"), "Percent") > 0;
    });
    const shown = (await agent.run(["alloc", "status", "-stats", task.id])).stdout.toString();
    assert.match(shown, /Memory Stats\n/);
    assert.match(shown, /CPU Stats\n/);
  });

  test("that is silent on one stream lets Nomad's log collector go at its end", async () => {
    const task = await startTask(agent, { name: "half-silent", script: `echo on one stream; ${untilReleased}` });
    await task.untilPrinted("on one stream");
    await task.release();
    assert.equal((await task.untilExit()).code, 0);
    await until(async () => hasLeftRunLoop(await agent.readLog(), task.id));
    const lines = (await agent.readLog()).split("\n").filter((line) => line.includes(task.id));
    assert.deepEqual(lines.filter((line) => line.includes("timed out waiting for read-side")), []);
  });
});

/** Nomad logs so when a task's hooks are done; the log collector's is the one that waits. */
function hasLeftRunLoop(log: string, allocId: string): boolean {
  return log.split("\n").some((line) => line.includes(allocId) && line.includes("task run loop exiting"));
}
