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
  assert.deepEqual(await killSessionOf(host, leader.pid, id), { kind: "killed" });
  await ended;
  assert.deepEqual([leader.signalCode, member.signalCode, other.signalCode], ["SIGKILL", "SIGKILL", null]);
  other.kill();
  await once(other, "exit");
});

test("kills nothing that the kernel does not have in the container", async () => {
  using host = new HostFixture();
  const stranger = await spawnSleeper();
  host.addProcess({ pid: stranger.pid, cgroups: ["4:memory:/system.slice"] });
  const reason = `the kernel shows process ${stranger.pid} neither in a cgroup of the container nor as a child of its conmon`;
  assert.deepEqual(await killSessionOf(host, stranger.pid, id), { kind: "left", reason });
  for (const pid of [0, -1]) assert.deepEqual(await killSessionOf(host, pid, id), { kind: "gone" });
  host.addProcess({ pid: stranger.pid, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(await killSessionOf(host, stranger.pid, ""), { kind: "left", reason });
  assert.equal(stranger.killed || stranger.exitCode !== null || stranger.signalCode !== null, false);
  const ended = once(stranger, "exit");
  stranger.kill("SIGTERM");
  await ended;
  assert.equal(stranger.signalCode, "SIGTERM");
});

test("does not mind a process that has just ended", async () => {
  using host = new HostFixture();
  host.addProcess({ pid: 4_194_303, cgroups: [`0::${group}`] });
  assert.deepEqual(await killSessionOf(host, 4_194_303, id), { kind: "killed" });
});

test("finds the session's processes where the cgroup they are in is not to be read", async () => {
  using host = new HostFixture();
  const [leader, member] = await Promise.all([spawnSleeper(), spawnSleeper()]);
  const ended = Promise.all([once(leader, "exit"), once(member, "exit")]);
  for (const child of [leader, member]) host.addProcess({ pid: child.pid, sessionId: leader.pid, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(await killSessionOf(host, leader.pid, id), { kind: "killed" });
  await ended;
});

interface Conmon {
  readonly what: string;
  readonly args?: readonly string[];
  /** Whose conmon it is. Default: root's. */
  readonly userId?: number;
  /** What the process's user namespace maps. Default: that of the host. */
  readonly uidMap?: string;
  readonly kills: boolean;
}

const ofHost = "         0          0 4294967295\n";
const conmons: readonly Conmon[] = [
  { what: "root's conmon of the container", kills: true },
  { what: "conmon of another container", args: ["conmon", "-c", "f".repeat(64)], kills: false },
  { what: "no conmon", args: ["sh"], kills: false },
  { what: "a user's conmon, in his own namespace", userId: 1000, uidMap: "0 1000 1\n1 100000 65536\n", kills: true },
  { what: "a user's conmon, in a namespace of his alone", userId: 1000, uidMap: "0 1000 1\n", kills: true },
  { what: "a user's conmon, in the namespace of another user", userId: 1000, uidMap: "0 1001 1\n1 165536 65536\n", kills: false },
  { what: "a user's conmon, in the host's namespace", userId: 1000, uidMap: ofHost, kills: false },
  { what: "a user's conmon, in a namespace that cannot be read", userId: 1000, uidMap: "", kills: false },
];

for (const { what, args = ["conmon", "-c", id], userId = 0, uidMap = ofHost, kills } of conmons) {
  test(`${kills ? "kills" : "does not kill"} the session of a process without a cgroup of the container, whose parent is ${what}`, async () => {
    using host = new HostFixture();
    const [leader, member, other] = await Promise.all([spawnSleeper(), spawnSleeper(), spawnSleeper()]);
    host.addProcess({ pid: 41, args });
    host.write("proc/41/status", `Name:\tconmon\nUid:\t${userId}\t${userId}\t${userId}\t${userId}\n`);
    for (const child of [leader, member, other]) host.addProcess({ pid: child.pid, parentPid: 41, sessionId: child === other ? 8 : leader.pid, cgroups: ["0::/user.slice"] });
    host.write(`proc/${leader.pid}/uid_map`, uidMap);
    const ended = Promise.all([leader, member, other].map((child) => once(child, "exit")));
    const outcome = await killSessionOf(host, leader.pid, id);
    assert.equal(outcome.kind, kills ? "killed" : "left");
    // Those that are alive yet end by another signal.
    for (const child of [leader, member, other]) child.kill("SIGTERM");
    await ended;
    const own = kills ? "SIGKILL" : "SIGTERM";
    assert.deepEqual([leader.signalCode, member.signalCode, other.signalCode], [own, own, "SIGTERM"]);
  });
}

test("kills a process alone that is in the session of somebody else", async () => {
  using host = new HostFixture();
  const [leader, neighbour] = await Promise.all([spawnSleeper(), spawnSleeper()]);
  host.addProcess({ pid: 41, args: ["conmon", id] });
  host.write("proc/41/status", "Uid:\t0\t0\t0\t0\n");
  for (const child of [leader, neighbour]) host.addProcess({ pid: child.pid, parentPid: 41, sessionId: 7 });
  const ended = Promise.all([once(leader, "exit"), once(neighbour, "exit")]);
  assert.deepEqual(await killSessionOf(host, leader.pid, id), { kind: "killed" });
  neighbour.kill("SIGTERM");
  await ended;
  assert.deepEqual([leader.signalCode, neighbour.signalCode], ["SIGKILL", "SIGTERM"]);
});
