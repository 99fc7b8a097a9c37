import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { hasOomRecord } from "./kernel-log.ts";

const id = "ab".repeat(32);
const record = `6,1234,6122790018,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/libpod_parent/libpod-${id},task_memcg=/libpod_parent/libpod-${id},task=tail,pid=7,uid=0\n`;

test("finds the kernel's word of an OOM kill in the container's cgroup", () => {
  using host = new HostFixture();
  host.write("dev/kmsg", record);
  assert.equal(hasOomRecord(host, id), true);
  assert.equal(hasOomRecord(host, "cd".repeat(32)), false);
});

test("takes no other mention of the container for an OOM kill", () => {
  using host = new HostFixture();
  host.write("dev/kmsg", `6,1,2,-;cgroup: fork rejected by pids controller in /libpod_parent/libpod-${id}\n`);
  assert.equal(hasOomRecord(host, id), false);
});

test("knows nothing where the log cannot be read, and leaves no descriptor open", () => {
  using host = new HostFixture();
  const before = readdirSync("/proc/self/fd").length;
  assert.equal(hasOomRecord(host, id), false);
  host.write("dev/kmsg", "");
  assert.equal(hasOomRecord(host, id), false);
  assert.equal(readdirSync("/proc/self/fd").length, before);
});
