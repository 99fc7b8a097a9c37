import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { ExhaustedDescriptors } from "../logs/exhausted-descriptors.ts";
import { identifyContainer, identifyWithoutEngine, type ClaimedProcesses, type ContainerProcesses } from "./container-processes.ts";
import type { ProcessIdentity } from "./proc-files.ts";

const id = "0123456789abcdef".repeat(4);
const group = `/libpod_parent/libpod-${id}`;
const claimedOn = ({ socketPath }: HostFixture): ClaimedProcesses => ({
  socketPath,
  containerId: id,
  pid: 42,
  conmonPid: 41,
  cgroupPath: group,
  proven: undefined,
});
const withoutEngine = (host: HostFixture, proven: ProcessIdentity): ContainerProcesses | undefined =>
  identifyWithoutEngine(host, { socketPath: host.socketPath, containerId: id, proven });

/** A host on which everything is as the engine claims. */
function honestHost(): HostFixture {
  const host = new HostFixture();
  host.addProcess({ pid: 42, startTicks: "200", cgroups: [`4:memory:${group}`] });
  host.addProcess({
    pid: 41,
    startTicks: "100",
    command: "conmon",
    args: ["conmon", "-c", id, "-b", "/bundle", "--exit-dir", "/run/exits", "--x"],
  });
  host.write(`cgroup/memory${group}/memory.usage_in_bytes`, "0\n");
  return host;
}

test("takes over what the kernel confirms", () => {
  using host = honestHost();
  const found = identifyContainer(host, claimedOn(host));
  assert.deepEqual(
    [found.main, found.conmon, found.conmonFolders, found.conmonIsLost],
    [
      { pid: 42, startTicks: "200" },
      { pid: 41, startTicks: "100" },
      { exits: "/run/exits", oomMark: "/bundle", owner: { uid: process.getuid?.() ?? 0, ruledIds: [] } },
      false,
    ],
  );
  assert.equal(found.cgroup?.version, 1);
});

test("does not take a process of the host for the container's", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, cgroups: ["4:memory:/system.slice/sshd.service"] });
  const found = identifyContainer(host, claimedOn(host));
  assert.equal(found.main, undefined);
});

test("does not take another container's conmon for this one's", () => {
  using host = honestHost();
  host.addProcess({ pid: 41, args: ["conmon", "-c", "f".repeat(64), "-b", "/bundle", "--exit-dir", "/run/exits"] });
  const found = identifyContainer(host, claimedOn(host));
  assert.deepEqual([found.conmon, found.conmonFolders], [undefined, undefined]);
});

test("follows no cgroup path of an engine's invention, but the kernel's", () => {
  using host = honestHost();
  for (const cgroupPath of ["/../../etc", "/", "", `/libpod-${"f".repeat(64)}`]) {
    const found = identifyContainer(host, { ...claimedOn(host), cgroupPath });
    assert.deepEqual(found.cgroup, identifyContainer(host, claimedOn(host)).cgroup);
    assert.equal(identifyContainer(host, { ...claimedOn(host), cgroupPath, pid: 0 }).cgroup, undefined);
  }
});

test("finds the totals above crun's inner group", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, cgroups: [`0::${group}/container`] });
  host.write("cgroup/cgroup.controllers", "memory\n");
  assert.deepEqual(identifyContainer(host, { ...claimedOn(host), cgroupPath: "" }).cgroup, {
    version: 2,
    dir: `${host.cgroupDir}${group}`,
  });
});

test("knows nothing of a container that has ended, and calls no conmon lost", () => {
  using host = new HostFixture();
  assert.deepEqual(
    identifyContainer(host, { ...claimedOn(host), pid: 0, conmonPid: 0, cgroupPath: "", proven: { pid: 42, startTicks: "1000" } }),
    { conmonIsLost: false },
  );
});

test("calls conmon lost when it is missing beside a living main process, or another has its pid", () => {
  using host = honestHost();
  host.removeProcess(41);
  assert.equal(identifyContainer(host, claimedOn(host)).conmonIsLost, true);
  host.addProcess({ pid: 41, args: ["sleep", "60"] });
  assert.equal(identifyContainer(host, claimedOn(host)).conmonIsLost, true);
});

test("calls conmon lost when both processes are gone and the main one was seen here before", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, { ...claimedOn(host), proven: { pid: 42, startTicks: "200" } }).conmonIsLost, true);
});

test("concludes nothing from pids of a Podman whose processes cannot be seen here", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, claimedOn(host)).conmonIsLost, false);
});

test("knows the pids of a container started again for this host's where an earlier one was", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, { ...claimedOn(host), proven: { pid: 43, startTicks: "200" } }).conmonIsLost, true);
});

test("believes no process that the kernel does not have in the container, unless this very one was proved before", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, startTicks: "200", cgroups: ["4:memory:/user.slice/session-1.scope"] });
  assert.equal(identifyContainer(host, claimedOn(host)).main, undefined);
  assert.equal(identifyContainer(host, { ...claimedOn(host), proven: { pid: 42, startTicks: "999" } }).main, undefined);
  assert.deepEqual(identifyContainer(host, { ...claimedOn(host), proven: { pid: 42, startTicks: "200" } }).main, {
    pid: 42,
    startTicks: "200",
  });
});

const bare = ["4:memory:/user.slice/session-1.scope"];

test("believes a process without a cgroup of the container that is a child of its conmon, and of no other", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 41, cgroups: bare });
  const claimed = { ...claimedOn(host), cgroupPath: "" };
  const { main, cgroup } = identifyContainer(host, claimed);
  assert.deepEqual([main, cgroup], [{ pid: 42, startTicks: "200" }, undefined]);
  host.addProcess({ pid: 41, startTicks: "100", args: ["conmon", "-c", "f".repeat(64)] });
  assert.equal(identifyContainer(host, claimed).main, undefined);
  host.removeProcess(41);
  assert.equal(identifyContainer(host, claimed).main, undefined);
});

test("finds a container's processes without its engine, for as long as the one that was proved lives", () => {
  using host = honestHost();
  const proven = { pid: 42, startTicks: "200" };
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 41, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(withoutEngine(host, proven), identifyContainer(host, { ...claimedOn(host), cgroupPath: "" }));
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 1, cgroups: [`4:memory:${group}`] });
  assert.equal(withoutEngine(host, proven)?.conmonIsLost, true);
  host.addProcess({ pid: 42, startTicks: "1001", parentPid: 41, cgroups: [`4:memory:${group}`] });
  assert.equal(withoutEngine(host, proven), undefined);
});

const user = 1000;
const args = ["conmon", "-c", id, "-b", "/bundle", "--exit-dir", "/run/exits"];
const ofUser = "         0       1000          1\n         1     100000      65536\n";

/** What a user's engine names is as it should be: his conmon and, below it, a process of `userId` in a cgroup of the container. */
function hostOfUser(userId: number, conmonOf = user): HostFixture {
  const host = honestHost();
  host.giveSocketTo(user);
  host.addProcess({ pid: 41, startTicks: "100", args, userId: conmonOf });
  host.write("proc/41/uid_map", ofUser);
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 41, userId, cgroups: [`4:memory:${group}`] });
  return host;
}

for (const [whose, userId, isHis] of [
  ["his", user, true],
  ["of a user whom he rules over", 100_999, true],
  ["root's", 0, false],
  ["another user's", 1001, false],
  ["of a user whom another one rules over", 165_536, false],
] as const) {
  test(`believes an ordinary user's engine about a process that is ${whose}: ${isHis}, whatever its cgroup is called`, () => {
    using host = hostOfUser(userId);
    const main = { pid: 42, startTicks: "200" };
    const found = identifyContainer(host, claimedOn(host));
    assert.deepEqual([found.main, found.conmonIsLost, found.cgroup !== undefined], [isHis ? main : undefined, false, isHis]);
    // A process that was believed once is his, also if it has become another's since.
    assert.deepEqual(identifyContainer(host, { ...claimedOn(host), proven: main }).main, main);
  });
}

test("takes no conmon of somebody else from an ordinary user's engine, and does not call it lost", () => {
  for (const conmonOf of [0, 1001]) {
    using host = hostOfUser(user, conmonOf);
    const { main, conmon, conmonFolders, conmonIsLost } = identifyContainer(host, claimedOn(host));
    assert.deepEqual(
      { main, conmon, conmonFolders, conmonIsLost },
      { main: { pid: 42, startTicks: "200" }, conmon: undefined, conmonFolders: undefined, conmonIsLost: false },
    );
  }
});

test("knows whom a user rules over also when his conmon is gone, by what the administrator has given him", () => {
  using host = hostOfUser(100_999);
  host.removeProcess(41);
  assert.equal(identifyContainer(host, claimedOn(host)).main, undefined);
  host.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n");
  host.write("etc/subuid", "ann:100000:65536\n");
  assert.notEqual(identifyContainer(host, claimedOn(host)).main, undefined);
});

test("believes nothing new while the engine's socket cannot be looked at, and knows the process that was proved and its conmon", () => {
  using host = hostOfUser(user);
  host.remove("podman.sock");
  assert.deepEqual(identifyContainer(host, claimedOn(host)), { conmonIsLost: false });
  const proven = { pid: 42, startTicks: "200" };
  const found = withoutEngine(host, proven);
  assert.deepEqual([found?.main, found?.conmon?.pid, found?.conmonFolders?.exits, found?.conmonIsLost], [proven, 41, "/run/exits", false]);
});

test("leaves open what cannot be told where no descriptor is left to look with, and calls no conmon lost", () => {
  using host = honestHost();
  const proven = { pid: process.pid, startTicks: "200" };
  host.addProcess({ ...proven, parentPid: 41, cgroups: [`4:memory:${group}`] });
  const claimed = { ...claimedOn(host), pid: process.pid, proven };
  const certain = identifyContainer(host, claimed);
  using exhausted = new ExhaustedDescriptors();
  assert.deepEqual(identifyContainer(host, claimed), { main: proven, conmonIsLost: false, isUncertain: true });
  assert.deepEqual(withoutEngine(host, proven), { main: proven, conmonIsLost: false, isUncertain: true });
  assert.deepEqual(identifyContainer(host, { ...claimed, proven: undefined }), { conmonIsLost: false, isUncertain: true });
  exhausted.end();
  assert.deepEqual(identifyContainer(host, claimed), certain);
});

for (const [whose, userId, conmonOf, isHis] of [
  ["his", user, user, true],
  ["of an id that he rules over", 100_001, user, true],
  ["another user's", 1001, user, false],
  ["root's", 0, user, false],
  ["another user's, as that one's conmon is", 1001, 1001, false],
] as const) {
  test(`believes an ordinary user's engine about a child of the conmon without a cgroup that is ${whose}: ${isHis}`, () => {
    using host = hostOfUser(userId, conmonOf);
    host.addProcess({ pid: 42, startTicks: "200", parentPid: 41, cgroups: bare, userId });
    const { main } = identifyContainer(host, { ...claimedOn(host), cgroupPath: "" });
    assert.deepEqual(main, isHis ? { pid: 42, startTicks: "200" } : undefined);
  });
}
