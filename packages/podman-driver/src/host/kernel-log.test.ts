import assert from "node:assert/strict";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { KernelLog } from "./kernel-log.ts";

const id = "ab".repeat(32);
const other = "cd".repeat(32);
const recordOf = (containerId: string): string =>
  `6,1234,6122790018,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/libpod_parent/libpod-${containerId},` +
  `task_memcg=/libpod_parent/libpod-${containerId},task=tail,pid=7,uid=0\n`;

async function inLog(text: string, use: (log: KernelLog, host: HostFixture) => Promise<void>): Promise<void> {
  using host = new HostFixture();
  host.write("dev/kmsg", text);
  const log = new KernelLog(host);
  try {
    await use(log, host);
  } finally {
    log.close();
  }
}

test("finds the kernel's word of an OOM kill in the container's cgroup", () =>
  inLog(recordOf(id), async (log) => {
    assert.equal(await log.hasOomKill(id), true);
    assert.equal(await log.hasOomKill(other), false);
  }));

test("finds what was written since the last question, and what an earlier question has read", () =>
  inLog(recordOf(id), async (log, host) => {
    assert.equal(await log.hasOomKill(other), false);
    appendFileSync(join(host.devDir, "kmsg"), recordOf(other));
    assert.deepEqual(await Promise.all([log.hasOomKill(other), log.hasOomKill(id)]), [true, true]);
  }));

test("finds a record that is written while another question is being answered", () =>
  inLog("", async (log, host) => {
    const early = log.hasOomKill(id);
    appendFileSync(join(host.devDir, "kmsg"), recordOf(id));
    assert.equal(await log.hasOomKill(id), true);
    await early;
  }));

test("reads no record twice, however often it is asked", () =>
  inLog(recordOf(id), async (log, host) => {
    assert.equal(await log.hasOomKill(other), false);
    // As long as what was read.
    host.write("dev/kmsg", recordOf(other));
    assert.equal(await log.hasOomKill(other), false);
  }));

test("reads a long log in slices, so that other work goes on in between", () =>
  inLog(`6,1,2,-;${"x".repeat(2000)}\n`.repeat(3000), async (log) => {
    let turns = 0;
    let isAsked = true;
    const count = (): void => {
      turns += 1;
      if (isAsked) setImmediate(count);
    };
    setImmediate(count);
    await log.hasOomKill(id);
    isAsked = false;
    assert.ok(turns >= 2, `${turns} turns`);
  }));

test("knows the groups that systemd makes, whatever they are called", () =>
  inLog(
    `6,1,2,-;oom-kill:task_memcg=/nomad.slice/libpod-${id}.scope/container\n` +
      `6,2,3,-;oom-kill:task_memcg=/user.slice/libpod-payload-${other}\n`,
    async (log) => {
      assert.deepEqual([await log.hasOomKill(id), await log.hasOomKill(other)], [true, true]);
    },
  ));

test("takes no other mention of the container for an OOM kill", () =>
  inLog(`6,1,2,-;cgroup: fork rejected by pids controller in /libpod_parent/libpod-${id}\n`, async (log) => {
    assert.equal(await log.hasOomKill(id), false);
  }));

test("knows nothing where the log cannot be read, and holds no descriptor once it is closed", async () => {
  using host = new HostFixture();
  const before = readdirSync("/proc/self/fd").length;
  const log = new KernelLog(host);
  assert.equal(await log.hasOomKill(id), false);
  host.write("dev/kmsg", recordOf(id));
  assert.equal(await log.hasOomKill(id), true);
  log.close();
  assert.equal(readdirSync("/proc/self/fd").length, before);
  assert.equal(await log.hasOomKill(other), false);
});
