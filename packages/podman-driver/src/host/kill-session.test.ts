import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { killSessionOf, type KillOutcome } from "./kill-session.ts";

const id = "0123456789abcdef".repeat(4);
const group = `/libpod_parent/libpod-${id}`;

const kill = (host: HostFixture, pid: number, containerId: string): Promise<KillOutcome> =>
  killSessionOf(host, { pid, containerId, socketPath: host.socketPath });

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
  for (const [child, sessionId] of [
    [leader, 7],
    [member, 7],
    [other, 8],
  ] as const)
    host.addProcess({ pid: child.pid, sessionId, cgroups: [`4:memory:${group}`] });
  host.write(`cgroup/memory${group}/cgroup.procs`, `0\n${leader.pid}\n${member.pid}\n${other.pid}\n`);
  assert.deepEqual(await kill(host, leader.pid, id), { kind: "killed" });
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
  assert.deepEqual(await kill(host, stranger.pid, id), { kind: "left", reason });
  for (const pid of [0, -1]) assert.deepEqual(await kill(host, pid, id), { kind: "gone" });
  host.addProcess({ pid: stranger.pid, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(await kill(host, stranger.pid, ""), { kind: "left", reason });
  assert.equal(stranger.killed || stranger.exitCode !== null || stranger.signalCode !== null, false);
  const ended = once(stranger, "exit");
  stranger.kill("SIGTERM");
  await ended;
  assert.equal(stranger.signalCode, "SIGTERM");
});

test("does not mind a process that has just ended", async () => {
  using host = new HostFixture();
  host.addProcess({ pid: 4_194_303, cgroups: [`0::${group}`] });
  assert.deepEqual(await kill(host, 4_194_303, id), { kind: "killed" });
});

test("finds the session's processes where the cgroup they are in is not to be read", async () => {
  using host = new HostFixture();
  const [leader, member] = await Promise.all([spawnSleeper(), spawnSleeper()]);
  const ended = Promise.all([once(leader, "exit"), once(member, "exit")]);
  for (const child of [leader, member]) host.addProcess({ pid: child.pid, sessionId: leader.pid, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(await kill(host, leader.pid, id), { kind: "killed" });
  await ended;
});

const user = 1000;
const ofUser = "0 1000 1\n1 100000 65536\n";

interface Case {
  readonly what: string;
  readonly args?: readonly string[];
  /** Whose engine it is. Default: root's. */
  readonly engineOf?: number;
  /** Whose conmon it is. Default: the engine's user's. */
  readonly conmonOf?: number;
  /** What the conmon's user namespace maps. Default: that of the host. */
  readonly uidMap?: string;
  /** Whose process is named, and all of its session. Default: root's. */
  readonly userId?: number;
  readonly kills: boolean;
}

const cases: readonly Case[] = [
  { what: "root's conmon of the container", kills: true },
  { what: "root's conmon of the container, and which is a user's", userId: user, kills: true },
  { what: "conmon of another container", args: ["conmon", "-c", "f".repeat(64)], kills: false },
  { what: "no conmon", args: ["sh"], kills: false },
  { what: "a user's conmon, and which is his", engineOf: user, uidMap: ofUser, userId: user, kills: true },
  { what: "a user's conmon, and which is of one whom he rules over", engineOf: user, uidMap: ofUser, userId: 100_001, kills: true },
  { what: "a user's conmon, and which is another user's", engineOf: user, uidMap: ofUser, userId: 1001, kills: false },
  { what: "a user's conmon, and which is root's", engineOf: user, uidMap: ofUser, userId: 0, kills: false },
  { what: "a user's conmon, which says that it is root's engine", conmonOf: user, uidMap: ofUser, userId: 1001, kills: false },
  { what: "root's conmon, which a user's engine has named", engineOf: user, conmonOf: 0, userId: 1001, kills: false },
];

/** Processes that are shown as `userId`'s, children of the conmon: a leader, a member of its session, and one of another. */
async function spawnThree(
  host: HostFixture,
  { userId, cgroups }: { readonly userId: number; readonly cgroups: readonly string[] },
): Promise<Awaited<ReturnType<typeof spawnSleeper>>[]> {
  const children = await Promise.all([spawnSleeper(), spawnSleeper(), spawnSleeper()]);
  const [leader, , other] = children;
  for (const child of children) {
    host.addProcess({ pid: child.pid, parentPid: 41, sessionId: child === other ? 8 : (leader?.pid ?? 0), userId, cgroups });
  }
  return children;
}

for (const {
  what,
  args = ["conmon", "-c", id],
  engineOf = 0,
  conmonOf = engineOf,
  uidMap = "0 0 4294967295\n",
  userId = 0,
  kills,
} of cases) {
  test(`${kills ? "kills" : "spares"} the session of a process without a cgroup of the container, whose parent is ${what}`, async () => {
    using host = new HostFixture();
    host.giveSocketTo(engineOf);
    host.addProcess({ pid: 41, args, userId: conmonOf });
    host.write("proc/41/uid_map", uidMap);
    const children = await spawnThree(host, { userId, cgroups: ["0::/user.slice"] });
    const ended = Promise.all(children.map((child) => once(child, "exit")));
    const outcome = await kill(host, children[0]?.pid ?? 0, id);
    assert.equal(outcome.kind, kills ? "killed" : "left");
    // Those that are alive yet end by another signal.
    for (const child of children) child.kill("SIGTERM");
    await ended;
    const own = kills ? "SIGKILL" : "SIGTERM";
    assert.deepEqual(
      children.map((child) => child.signalCode),
      [own, own, "SIGTERM"],
    );
  });
}

for (const [which, conmonsSession, kills] of [["another than its conmon's", 41, true], ["that of its conmon", 7, false]] as const) {
  test(`${kills ? "kills" : "spares"} what is in the session of a process that does not lead it, which is ${which}`, async () => {
    using host = new HostFixture();
    host.addProcess({ pid: 41, args: ["conmon", "-c", id], sessionId: conmonsSession });
    const [leader, member] = await Promise.all([spawnSleeper(), spawnSleeper()]);
    for (const child of [leader, member]) host.addProcess({ pid: child.pid, parentPid: 41, sessionId: 7, cgroups: ["0::/user.slice"] });
    const ended = Promise.all([leader, member].map((child) => once(child, "exit")));
    assert.deepEqual(await kill(host, leader.pid, id), { kind: "killed" });
    // Where it is alive yet it ends by another signal.
    member.kill("SIGTERM");
    await ended;
    assert.deepEqual([leader.signalCode, member.signalCode], ["SIGKILL", kills ? "SIGKILL" : "SIGTERM"]);
  });
}

for (const [whose, userId, kills] of [["his", user, true], ["another user's", 1001, false], ["root's", 0, false]] as const) {
  test(`${kills ? "kills" : "spares"} a process in the container's cgroup that a user's engine names and that is ${whose}`, async () => {
    using host = new HostFixture();
    host.giveSocketTo(user);
    const children = await spawnThree(host, { userId, cgroups: [`4:memory:${group}`] });
    const [leader, member] = children;
    host.write(`cgroup/memory${group}/cgroup.procs`, `${leader?.pid}\n${member?.pid}\n`);
    const ended = Promise.all(children.map((child) => once(child, "exit")));
    const outcome = await kill(host, leader?.pid ?? 0, id);
    const reason = `process ${leader?.pid} is of user ${userId}, over whom user 1000, whose Podman it is, has no say`;
    assert.deepEqual(outcome, kills ? { kind: "killed" } : { kind: "left", reason });
    for (const child of children) child.kill("SIGTERM");
    await ended;
    const own = kills ? "SIGKILL" : "SIGTERM";
    assert.deepEqual(children.map((child) => child.signalCode), [own, own, "SIGTERM"]);
  });
}

test("kills no process of another user's in the session of a user's process", async () => {
  using host = new HostFixture();
  host.giveSocketTo(user);
  const [leader, foreign] = await Promise.all([spawnSleeper(), spawnSleeper()]);
  for (const child of [leader, foreign]) {
    host.addProcess({ pid: child.pid, sessionId: 7, userId: child === leader ? user : 1001, cgroups: [`4:memory:${group}`] });
  }
  host.write(`cgroup/memory${group}/cgroup.procs`, `${leader.pid}\n${foreign.pid}\n`);
  const ended = Promise.all([once(leader, "exit"), once(foreign, "exit")]);
  assert.deepEqual(await kill(host, leader.pid, id), { kind: "killed" });
  foreign.kill("SIGTERM");
  await ended;
  assert.deepEqual([leader.signalCode, foreign.signalCode], ["SIGKILL", "SIGTERM"]);
});
