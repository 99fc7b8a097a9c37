import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroupHierarchies } from "./cgroup-scope.ts";

test("a hybrid host has a hierarchy for each set of controllers and one for v2", () => {
  const mountinfo = [
    "49 48 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
    "50 49 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpuacct,cpu",
    "53 49 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
    "58 49 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd",
    "59 49 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
  ].join("\n");
  const own = "4:memory:/limits/of/mine\n2:cpu,cpuacct:/\n1:name=systemd:/\n0::/";
  assert.deepEqual(parseCgroupHierarchies(mountinfo, own), [
    { mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"], ownPath: "/" },
    { mountPoint: "/sys/fs/cgroup/memory", controllers: ["memory"], ownPath: "/limits/of/mine" },
    { mountPoint: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"], ownPath: "/" },
    { mountPoint: "/sys/fs/cgroup/unified", controllers: [], ownPath: "/" },
  ]);
});

test("a v2 host has one hierarchy, and a part of it mounted elsewhere is left alone", () => {
  const mountinfo =
    "30 24 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n90 24 0:26 /some/part /mnt/part rw - cgroup2 cgroup2 rw\n";
  assert.deepEqual(parseCgroupHierarchies(mountinfo, "0::/user.slice\n"), [
    { mountPoint: "/sys/fs/cgroup", controllers: [], ownPath: "/user.slice" },
  ]);
});
