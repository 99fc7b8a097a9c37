import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@driver/testing";
import { checkCounting, checkWhole, countingScript, lastCount } from "./counting-task.ts";
import { startTask, untilReleased, type LiveAllocation } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const agent = await NomadAgent.start({ name: "agent-kill" });
after(() => agent[Symbol.asyncDispose]());
const numbers = Array.from({ length: 20_000 }, (_, index) => index + 1);

test("a task goes on without a restart or a gap in its log when the plugin is killed", async () => {
  const task = await startTask(agent, { name: "goes-on", script: countingScript("step", 9) });
  await task.untilPrinted("step 20\n");
  const before = await task.readContainer();
  await agent.killPlugin();
  await untilCountedOn(task, "step");
  assert.deepEqual(await task.readContainer(), before);
  await task.release();
  assert.deepEqual(await task.untilExit(), { code: 9, signal: 0, oomKilled: false, restarts: 0 });
  await task.untilPrinted("step ends");
  assert.equal(checkCounting(await task.readLog("stdout"), "step", 1), undefined);
});

for (const { name, killsPlugin } of [
  { name: "agent", killsPlugin: false },
  { name: "agent-and-plugin", killsPlugin: true },
]) {
  test(`tasks that run on or end while the ${name.replaceAll("-", " ")} are away keep true codes and whole logs`, async () => {
    const stays = await startTask(agent, { name: `stays-${name}`, script: countingScript("still", 12) });
    const script = `echo waits; ${untilReleased}; seq 1 20000; exit 14`;
    const leaves = await startTask(agent, { name: `leaves-${name}`, script });
    await stays.untilPrinted("still 20\n");
    await leaves.untilPrinted("waits\n");
    const before = await stays.readContainer();
    await agent.kill();
    if (killsPlugin) for (const pid of agent.pluginPids()) process.kill(pid, "SIGKILL");
    await leaves.release();
    await until(async () => (await leaves.readContainer()).status === "exited");
    await agent.launch();
    assert.deepEqual(await leaves.untilExit(), { code: 14, signal: 0, oomKilled: false, restarts: 0 });
    await untilCountedOn(stays, "still");
    assert.deepEqual(await stays.readContainer(), before);
    await stays.release();
    assert.deepEqual(await stays.untilExit(), { code: 12, signal: 0, oomKilled: false, restarts: 0 });
    await stays.untilPrinted("still ends");
    assert.equal(checkCounting(await stays.readLog("stdout"), "still", 1), undefined);
    await leaves.untilPrinted("20000\n");
    assert.equal(checkWhole(await leaves.readLog("stdout"), `waits\n${numbers.join("\n")}\n`, 1), undefined);
  });
}

/** Settles when the log has numbers that had not been printed when this was called. */
async function untilCountedOn(task: LiveAllocation, word: string): Promise<void> {
  const start = lastCount(await task.readLog("stdout"), word);
  await until(async () => lastCount(await task.readLog("stdout"), word) > start + 50, 60_000);
}
