import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@driver/testing";
import { listOpenFiles } from "./world-processes.ts";
import { startJob, startTask } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const count = 100;
const limitMs = 180_000;
/** So many idle connections to Podman are kept for the next calls. */
const idleConnections = 4;
const agent = await NomadAgent.start({ name: "many-at-once" });
after(() => agent[Symbol.asyncDispose]());

test("100 allocations at once report their own codes and leave nothing", async () => {
  // The first task of a plugin opens what it keeps, if it lives long enough to be watched.
  const first = await startTask(agent, { name: "is-first", script: "echo first; sleep 1" });
  await first.untilExit();
  const [pluginPid = 0] = agent.pluginPids();
  const filesBefore = listOpenFiles(pluginPid);
  const script = "echo begin $NOMAD_ALLOC_INDEX; sleep 3; echo end $NOMAD_ALLOC_INDEX >&2; exit $((NOMAD_ALLOC_INDEX % 7))";
  const tasks = await startJob(agent, { name: "crowd", count, memoryMb: 16, script });
  const exits = await Promise.all(tasks.map((task) => task.untilExit(limitMs)));
  assert.deepEqual(exits, tasks.map((_, index) => ({ code: index % 7, signal: 0, oomKilled: false, restarts: 0 })));
  for (const [index, task] of tasks.entries()) {
    await task.untilPrinted(`begin ${index}\n`);
    await task.untilPrinted(`end ${index}\n`, "stderr");
    assert.equal((await task.readLog("stdout")).toString(), `begin ${index}\n`);
    assert.equal((await task.readLog("stderr")).toString(), `end ${index}\n`);
  }
  await until(async () => (await Promise.all(tasks.map((task) => task.readContainer()))).every(({ status }) => status === ""));
  await until(() => countGrowth(filesBefore, listOpenFiles(pluginPid)) <= 0).catch(() =>
    assert.deepEqual(listOpenFiles(pluginPid).toSorted(), filesBefore.toSorted(), "files stay open"),
  );
  assert.deepEqual(agent.pluginPids(), [pluginPid]);
});

/** How many files are open that were not before, beyond the idle connections. */
function countGrowth(before: readonly string[], now: readonly string[]): number {
  const growth = (isSocket: boolean): number => {
    const count = (files: readonly string[]): number => files.filter((file) => file.startsWith("socket:") === isSocket).length;
    return count(now) - count(before);
  };
  return Math.max(0, growth(false)) + Math.max(0, growth(true) - idleConnections);
}
