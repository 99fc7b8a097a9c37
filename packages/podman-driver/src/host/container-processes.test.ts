import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { identifyContainer, type ClaimedProcesses } from "./container-processes.ts";

const id = "0123456789abcdef".repeat(4);
const group = `/libpod_parent/libpod-${id}`;
const claimed: ClaimedProcesses = { containerId: id, pid: 42, conmonPid: 41, cgroupPath: group, seenPid: 0 };

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
  assert.deepEqual([found.main, found.conmon, found.conmonFolders, found.conmonIsLost], [{ pid: 42, startTicks: "200" }, { pid: 41, startTicks: "100" }, { exits: "/run/exits", oomMark: "/bundle" }, false]);
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
  assert.deepEqual(identifyContainer(host, { ...claimed, pid: 0, conmonPid: 0, cgroupPath: "", seenPid: 42 }), { conmonIsLost: false });
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
  assert.equal(identifyContainer(host, { ...claimed, seenPid: 42 }).conmonIsLost, true);
});

test("concludes nothing from pids of a Podman whose processes cannot be seen here", () => {
  using host = new HostFixture();
  assert.equal(identifyContainer(host, claimed).conmonIsLost, false);
  assert.equal(identifyContainer(host, { ...claimed, seenPid: 43 }).conmonIsLost, false);
});
