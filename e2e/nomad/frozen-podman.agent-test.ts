import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startEngine, testSetting, until } from "@driver/testing";
import { findExit } from "./allocation.ts";
import { checkCounting, countingScript, lastCount } from "./counting-task.ts";
import { startTask, untilReleased } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const limitMs = 60_000;
// Disposed from its end: the agent ends its tasks on an engine that is still there.
const owned = new AsyncDisposableStack();
after(() => owned.disposeAsync());
const engine = owned.use(await startEngine({ folder: "/run/frozen-engine" }, AbortSignal.timeout(30_000)));
await engine.importBusybox(testSetting("TEST_IMAGE"));
const agent = owned.use(await NomadAgent.start({ name: "frozen-podman", socketPath: engine.socketPath }));

test("a frozen Podman service makes the node unhealthy and touches no task; exits meanwhile are reported as they come", async () => {
  const stays = await startTask(agent, { name: "stays-warm", script: countingScript("warm", 31) });
  const ends = await startTask(agent, { name: "ends-in-the-cold", script: `echo in; ${untilReleased}; echo out; exit 32` });
  await stays.untilPrinted("warm 20\n");
  await ends.untilPrinted("in\n");
  process.kill(engine.pid, "SIGSTOP");
  try {
    await ends.release();
    await ends.untilPrinted("out\n");
    await until(async () => findExit(await ends.report()) !== undefined, limitMs);
    await until(async () => (await agent.readHealth())?.isHealthy === false, limitMs);
    const count = lastCount(await stays.readLog("stdout"), "warm");
    await until(async () => lastCount(await stays.readLog("stdout"), "warm") > count + 50);
    assert.equal((await stays.report()).status, "running");
    assert.match((await agent.readHealth())?.description ?? "", /does not answer/);
  } finally {
    process.kill(engine.pid, "SIGCONT");
  }
  await until(async () => (await agent.readHealth())?.isHealthy === true, limitMs);
  assert.deepEqual(await ends.untilExit(), { code: 32, signal: 0, oomKilled: false, restarts: 0 });
  await stays.release();
  assert.deepEqual(await stays.untilExit(), { code: 31, signal: 0, oomKilled: false, restarts: 0 });
  await stays.untilPrinted("warm ends");
  assert.equal(checkCounting(await stays.readLog("stdout"), "warm", 0), undefined);
  await until(async () => (await engine.run(["ps", "--all", "--quiet"])).stdout === "", limitMs);
});
