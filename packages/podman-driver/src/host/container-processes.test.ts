import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { identifyContainer, identifyWithoutEngine, type ClaimedProcesses } from "./container-processes.ts";

const id = "0123456789abcdef".repeat(4);
const group = `/libpod_parent/libpod-${id}`;
const claimed: ClaimedProcesses = { containerId: id, pid: 42, conmonPid: 41, cgroupPath: group, proven: undefined };

/** A host on which everything is as the engine claims. */
function honestHost(): HostFixture {
  const host = new HostFixture();
  host.addProcess({ pid: 42, startTicks: "200", cgroups: [`4:memory:${group}`] });
  host.addProcess({ pid: 41, startTicks: "100", command: "conmon", args: ["conmon", "-c", id, "-b", "/bundle", "--exit-dir", "/run/exits", "--x"] });
  host.write(`cgroup/memory${group}/memory.usage_in_bytes`, "0\n");
  return host;
}

test("takes over what the kernel confirms", () => {
  using host = honestHost();
  const found = identifyContainer(host, claimed);
  assert.deepEqual([found.main, found.conmon, found.conmonFolders, found.conmonIsLost], [{ pid: 42, startTicks: "200" }, { pid: 41, startTicks: "100" }, { exits: "/run/exits", oomMark: "/bundle", owner: { uid: process.getuid?.() ?? 0, ruledIds: [] } }, false]);
  assert.equal(found.cgroup?.version, 1);
});

test("does not take a process of the host for the container's", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, cgroups: ["4:memory:/system.slice/sshd.service"] });
  const found = identifyContainer(host, claimed);
  assert.equal(found.main, undefined);
});

test("does not take another container's conmon for this one's", () => {
  using host = honestHost();
  host.addProcess({ pid: 41, args: ["conmon", "-c", "f".repeat(64), "-b", "/bundle", "--exit-dir", "/run/exits"] });
  const found = identifyContainer(host, claimed);
  assert.deepEqual([found.conmon, found.conmonFolders], [undefined, undefined]);
});

test("follows no cgroup path of an engine's invention, but the kernel's", () => {
  using host = honestHost();
  for (const cgroupPath of ["/../../etc", "/", "", `/libpod-${"f".repeat(64)}`]) {
    const found = identifyContainer(host, { ...claimed, cgroupPath });
    assert.deepEqual(found.cgroup, identifyContainer(host, claimed).cgroup);
    assert.equal(identifyContainer(host, { ...claimed, cgroupPath, pid: 0 }).cgroup, undefined);
  }
});

test("finds the totals above crun's inner group", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, cgroups: [`0::${group}/container`] });
  host.write("cgroup/cgroup.controllers", "memory\n");
  assert.deepEqual(identifyContainer(host, { ...claimed, cgroupPath: "" }).cgroup, { version: 2, dir: `${host.cgroupDir}${group}` });
});

test("knows nothing of a container that has ended, and calls no conmon lost", () => {
  using host = new HostFixture();
  assert.deepEqual(identifyContainer(host, { ...claimed, pid: 0, conmonPid: 0, cgroupPath: "", proven: { pid: 42, startTicks: "1000" } }), { conmonIsLost: false });
});

test("calls conmon lost when it is missing beside a living main process, or another has its pid", () => {
  using host = honestHost();
  host.removeProcess(41);
  assert.equal(identifyContainer(host, claimed).conmonIsLost, true);
  host.addProcess({ pid: 41, args: ["sleep", "60"] });
  assert.equal(identifyContainer(host, claimed).conmonIsLost, true);
});

test("calls conmon lost when both processes are gone and the main one was seen here before", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, { ...claimed, proven: { pid: 42, startTicks: "200" } }).conmonIsLost, true);
});

test("concludes nothing from pids of a Podman whose processes cannot be seen here", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, claimed).conmonIsLost, false);
});

test("knows the pids of a container started again for this host's where an earlier one was", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, { ...claimed, proven: { pid: 43, startTicks: "200" } }).conmonIsLost, true);
});

test("believes no process that the kernel does not have in the container, unless this very one was proved before", () => {
  using host = honestHost();
  host.addProcess({ pid: 42, startTicks: "200", cgroups: ["4:memory:/user.slice/session-1.scope"] });
  assert.equal(identifyContainer(host, claimed).main, undefined);
  assert.equal(identifyContainer(host, { ...claimed, proven: { pid: 42, startTicks: "999" } }).main, undefined);
  assert.deepEqual(identifyContainer(host, { ...claimed, proven: { pid: 42, startTicks: "200" } }).main, { pid: 42, startTicks: "200" });
});

test("finds a container's processes without its engine, for as long as the one that was proved lives", () => {
  using host = honestHost();
  const proven = { pid: 42, startTicks: "200" };
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 41, cgroups: [`4:memory:${group}`] });
  assert.deepEqual(identifyWithoutEngine(host, id, proven), identifyContainer(host, { ...claimed, cgroupPath: "" }));
  host.addProcess({ pid: 42, startTicks: "200", parentPid: 1, cgroups: [`4:memory:${group}`] });
  assert.equal(identifyWithoutEngine(host, id, proven)?.conmonIsLost, true);
  host.addProcess({ pid: 42, startTicks: "1001", parentPid: 41, cgroups: [`4:memory:${group}`] });
  assert.equal(identifyWithoutEngine(host, id, proven), undefined);
});
