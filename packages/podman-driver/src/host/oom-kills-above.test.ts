import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import type { CgroupFolders } from "./cgroup-path.ts";
import { OomKillsAbove } from "./oom-kills-above.ts";

const slice = "cgroup/nomad.slice";
const scope = `${slice}/libpod.scope`;
const mountOptions = "rw,nsdelegate,memory_recursiveprot";

type Host = HostFixture & { readonly cgroup: CgroupFolders };

/** A host where the kernel has killed `above` times below the slice, `own` times in the container; undefined: there is no such counter. */
function hostWith(counts: { readonly above?: number; readonly own?: number }, options = mountOptions): Host {
  const host = new HostFixture();
  const mount = `31 25 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 ${options}`;
  host.write("proc/self/mountinfo", `25 20 0:22 / / rw - ext4 /dev/vda rw\n${mount}\n`);
  if (counts.above !== undefined) count(host, slice, counts.above);
  if (counts.own !== undefined) count(host, scope, counts.own);
  return Object.assign(host, { cgroup: { version: 2, dir: `${host.root}/${scope}` } as const });
}

function count(host: HostFixture, group: string, kills: number): void {
  host.write(`${group}/memory.events`, `oom ${kills}\noom_kill ${kills}\noom_group_kill 0\n`);
}

test("proves that nothing was killed in a group that is gone, by the group above", () => {
  using host = hostWith({ above: 3, own: 0 });
  const above = OomKillsAbove.since(host, host.cgroup);
  host.remove(scope);
  assert.equal(above?.isUnchanged(), true);
  assert.equal(OomKillsAbove.since(host, host.cgroup), undefined);
});

test("proves nothing once there was a kill below the same group, or when that group is gone too", () => {
  using host = hostWith({ above: 3, own: 0 });
  const above = OomKillsAbove.since(host, host.cgroup);
  count(host, slice, 4);
  assert.equal(above?.isUnchanged(), false);
  host.remove(slice);
  assert.equal(above?.isUnchanged(), false);
});

test("takes a group that was made anew for another, though it has counted as much", () => {
  using host = hostWith({ above: 0, own: 0 });
  const above = OomKillsAbove.since(host, host.cgroup);
  // Moved away, so that the new one cannot get its number.
  renameSync(`${host.root}/${slice}`, `${host.root}/cgroup/former.slice`);
  count(host, slice, 0);
  assert.equal(above?.isUnchanged(), false);
});

for (const [what, counts, options] of [
  ["a kill was counted in the container before", { above: 3, own: 1 }, mountOptions],
  ["the container's counter cannot be read", { above: 3 }, mountOptions],
  ["the root is the group above, which has no counter", { own: 0 }, mountOptions],
  ["each group counts its own alone", { above: 3, own: 0 }, `${mountOptions},memory_localevents`],
] as const) {
  test(`does not begin where it could prove nothing: ${what}`, () => {
    using host = hostWith(counts, options);
    assert.equal(OomKillsAbove.since(host, host.cgroup), undefined);
  });
}

test("does not begin on cgroup v1, nor where the mounts cannot be read", () => {
  using host = hostWith({ above: 0, own: 0 });
  const { cgroupDir } = host;
  assert.equal(OomKillsAbove.since(host, { version: 1, memoryDir: cgroupDir, cpuDir: cgroupDir, cpuacctDir: cgroupDir }), undefined);
  host.remove("proc/self");
  assert.equal(OomKillsAbove.since(host, host.cgroup), undefined);
});
