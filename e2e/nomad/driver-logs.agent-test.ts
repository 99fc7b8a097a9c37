import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@driver/testing";
import { checkCounting, countingScript, lastCount } from "./counting-task.ts";
import { taskName } from "./job-file.ts";
import { startTask } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

const agent = await NomadAgent.start({ name: "driver-logs", logCollection: "driver" });
after(() => agent[Symbol.asyncDispose]());

test("log_collection driver: alloc logs follows, Nomad runs no collector, a killed plugin leaves no gap and repeats nothing", async () => {
  const task = await startTask(agent, { name: "is-followed", script: countingScript("page", 41) });
  await task.untilPrinted("page 20\n");
  // The file is there before Nomad's servers know that the task has started.
  await until(async () => (await task.report()).status === "running", 60_000);
  assert.deepEqual(agent.logmonPids(), []);
  const count = lastCount(await task.readLog("stdout"), "page");
  const following = new AbortController();
  const signal = AbortSignal.any([following.signal, AbortSignal.timeout(30_000)]);
  const endWhenFollowed = (stdout: Buffer): void => {
    if (lastCount(stdout, "page") > count + 50) following.abort();
  };
  const followed = await agent.run(["alloc", "logs", "-f", task.id, taskName], { signal, onOutput: endWhenFollowed });
  assert(following.signal.aborted, `alloc logs -f did not follow beyond ${count}: ${followed.stderr.toString()}`);
  assert.match(followed.stdout.toString(), /^page 1\npage 2\n/);

  await agent.killPlugin();
  const atKill = lastCount(await task.readLog("stdout"), "page");
  await until(async () => lastCount(await task.readLog("stdout"), "page") > atKill + 50, 60_000);
  await task.release();
  assert.deepEqual(await task.untilExit(), { code: 41, signal: 0, oomKilled: false, restarts: 0 });
  assert.equal(checkCounting(await task.readLog("stdout"), "page", 0), undefined);
  const shown = await agent.run(["alloc", "logs", task.id, taskName]);
  assert.deepEqual(shown.stdout, await task.readLog("stdout"));
});
