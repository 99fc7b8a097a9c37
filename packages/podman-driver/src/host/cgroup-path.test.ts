import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import fc from "fast-check";
import { isCgroupPathOf, isProcessOfContainer, readProcessCgroups, resolveCgroupFolders } from "./cgroup-path.ts";

const id = "0123456789abcdef".repeat(4);
const otherId = "f".repeat(64);

const own = [
  `/libpod_parent/libpod-${id}`,
  `/machine.slice/libpod-${id}.scope`,
  `/nomad.slice/libpod-${id}.scope`,
  `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`,
  `/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod\\x2dpod.slice/libpod-${id}.scope`,
  `/libpod_parent/libpod-payload-${id}`,
];

const hostile = [
  "",
  "/",
  `libpod-${id}`,
  `/../../etc/libpod-${id}`,
  `/libpod_parent/../libpod-${id}`,
  `/libpod_parent//libpod-${id}`,
  `/libpod-${id}/`,
  `/libpod-${id}/..`,
  `/libpod-${id}/container`,
  `/libpod-${otherId}`,
  `/libpod-${id.slice(1)}`,
  `/libpod-${id}0`,
  `/xlibpod-${id}`,
  `/libpod-conmon-${id}`,
  `/libpod-${id}.scope.d`,
  `/a b/libpod-${id}`,
  `/a\0/libpod-${id}`,
  `/a\n/libpod-${id}`,
  `/$(id)/libpod-${id}`,
];

for (const path of own) {
  test(`follows ${path.replace(id, "ID")}`, () => assert.equal(isCgroupPathOf(path, id), true));
}
for (const path of hostile) {
  test(`follows nothing like ${JSON.stringify(path.replace(id, "ID"))}`, () => assert.equal(isCgroupPathOf(path, id), false));
}

test("follows no path for what is not a full container id", () => {
  for (const word of ["", "abc", id.toUpperCase(), `${id}0`, "..", ".*"]) assert.equal(isCgroupPathOf(`/libpod-${word}`, word), false);
});

test("never leaves the cgroup folder, whatever an engine says", () => {
  const piece = fc.oneof(fc.constantFrom("..", ".", "", `libpod-${id}`, `libpod-${id}.scope`, "a"), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join("/")}`), (path) => {
      if (!isCgroupPathOf(path, id)) return;
      assert.ok(!path.split("/").includes("..") && path.includes(`libpod-${id}`));
    }),
  );
});

test("reads the groups of a process by controller", () => {
  using host = new HostFixture();
  host.addProcess({ pid: 42, cgroups: ["4:memory:/m", "3:cpu,cpuacct:/c:d", "1:name=systemd:/s", "0::/u", "broken"] });
  assert.deepEqual(Object.fromEntries(readProcessCgroups(host, 42)), {
    memory: "/m",
    cpu: "/c:d",
    cpuacct: "/c:d",
    "name=systemd": "/s",
    "": "/u",
  });
  assert.equal(readProcessCgroups(host, 43).size, 0);
});

test("believes the kernel alone on which container a process is of", () => {
  using host = new HostFixture();
  const identity = { pid: 42, startTicks: "1000" };
  const isOf = (...cgroups: readonly string[]): boolean => {
    host.addProcess({ pid: 42, cgroups });
    return isProcessOfContainer(host, identity, id);
  };
  assert.equal(isOf(`0::/machine.slice/libpod-${id}.scope`), true);
  assert.equal(isOf(`0::/machine.slice/libpod-${id}.scope/container`), true);
  assert.equal(isOf("4:memory:/", `2:pids:/libpod_parent/libpod-${id}`), true);
  assert.equal(isOf(`0::/machine.slice/libpod-${otherId}.scope`), false);
  assert.equal(isOf(`0::/machine.slice/libpod-conmon-${id}.scope`), false);
  assert.equal(isOf("0::/"), false);
  assert.equal(isOf(), false);
});

test("finds the accounting of both cgroup versions, and none where none is mounted", () => {
  using host = new HostFixture();
  const path = `/libpod_parent/libpod-${id}`;
  assert.equal(resolveCgroupFolders(host, path), undefined);
  host.write(`cgroup/memory${path}/memory.usage_in_bytes`, "0\n");
  assert.deepEqual(resolveCgroupFolders(host, path), {
    version: 1,
    memoryDir: `${host.cgroupDir}/memory${path}`,
    cpuDir: `${host.cgroupDir}/cpu${path}`,
    cpuacctDir: `${host.cgroupDir}/cpuacct${path}`,
  });
  host.remove("cgroup/memory");
  host.write(`cgroup/cpuacct${path}/cpuacct.usage`, "0\n");
  assert.equal(resolveCgroupFolders(host, path)?.version, 1);
  host.write("cgroup/cgroup.controllers", "cpu memory\n");
  assert.deepEqual(resolveCgroupFolders(host, path), { version: 2, dir: `${host.cgroupDir}${path}` });
});
