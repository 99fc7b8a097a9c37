import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { killSessionOf } from "./kill-session.ts";

const id = "0123456789abcdef".repeat(4);
const group = `/libpod_parent/libpod-${id}`;

/** Real processes that a made-up /proc places in a container. */
async function spawnSleeper(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  return child as ChildProcess & { readonly pid: number };
}

test("kills a process of the container and its session, and no other process there", async () => {
  using host = new HostFixture();
  const [leader, member, other] = await Promise.all([spawnSleeper(), spawnSleeper(), spawnSleeper()]);
  const ended = Promise.all([once(leader, "exit"), once(member, "exit")]);
  for (const [child, sessionId] of [[leader, 7], [member, 7], [other, 8]] as const) host.addProcess({ pid: child.pid, sessionId, cgroups: [`4:memory:${group}`] });
  host.write(`cgroup/memory${group}/cgroup.procs`, `0\n${leader.pid}\n${member.pid}\n${other.pid}\n`);
  killSessionOf(host, leader.pid, id);
  await ended;
  assert.deepEqual([leader.signalCode, member.signalCode, other.signalCode], ["SIGKILL", "SIGKILL", null]);
  other.kill();
  await once(other, "exit");
});

test("kills nothing that the kernel does not have in the container", async () => {
  using host = new HostFixture();
  const stranger = await spawnSleeper();
  host.addProcess({ pid: stranger.pid, cgroups: ["4:memory:/system.slice"] });
  killSessionOf(host, stranger.pid, id);
  killSessionOf(host, 0, id);
  killSessionOf(host, -1, id);
  host.addProcess({ pid: stranger.pid, cgroups: [`4:memory:${group}`] });
  killSessionOf(host, stranger.pid, "");
  assert.equal(stranger.killed || stranger.exitCode !== null || stranger.signalCode !== null, false);
  const ended = once(stranger, "exit");
  stranger.kill("SIGTERM");
  await ended;
  assert.equal(stranger.signalCode, "SIGTERM");
});

test("does not mind a process that has just ended", () => {
  using host = new HostFixture();
  host.addProcess({ pid: 4_194_303, cgroups: [`0::${group}`] });
  assert.doesNotThrow(() => killSessionOf(host, 4_194_303, id));
});
