import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { isFrozen, thaw } from "./freezer.ts";

const id = "ab".repeat(32);
const main = { pid: 71, startTicks: "1000" };
const read = (host: HostFixture, path: string): string => readFileSync(join(host.root, path), "utf8");

test("sees a container that is paused, and lets it go on (cgroup v1)", () => {
  using host = new HostFixture();
  host.addProcess({ pid: main.pid, cgroups: [`7:freezer:/libpod_parent/libpod-${id}`, "0::/somewhere"] });
  host.write(`cgroup/freezer/libpod_parent/libpod-${id}/freezer.state`, "THAWED\n");
  host.write("cgroup/freezer/libpod_parent/freezer.state", "FROZEN\n");
  assert.equal(isFrozen(host, main), false);
  for (const state of ["FROZEN\n", "FREEZING\n"]) {
    host.write(`cgroup/freezer/libpod_parent/libpod-${id}/freezer.state`, state);
    assert.equal(isFrozen(host, main), true);
  }
  thaw(host, main, id);
  assert.match(read(host, `cgroup/freezer/libpod_parent/libpod-${id}/freezer.state`), /^THAWED/);
  assert.equal(read(host, "cgroup/freezer/libpod_parent/freezer.state"), "FROZEN\n");
});

test("sees a container that is paused, and lets it go on (cgroup v2, with a group of the runtime's below)", () => {
  using host = new HostFixture();
  const scope = `/nomad.slice/libpod-${id}.scope`;
  host.addProcess({ pid: main.pid, cgroups: [`0::${scope}/container`] });
  for (const path of ["/nomad.slice", scope, `${scope}/container`]) host.write(`cgroup${path}/cgroup.freeze`, "1");
  host.write(`cgroup${scope}/container/cgroup.events`, "populated 1\nfrozen 0\n");
  assert.equal(isFrozen(host, main), false);
  host.write(`cgroup${scope}/container/cgroup.events`, "populated 1\nfrozen 1\n");
  assert.equal(isFrozen(host, main), true);
  thaw(host, main, id);
  assert.deepEqual(["/nomad.slice", scope, `${scope}/container`].map((path) => read(host, `cgroup${path}/cgroup.freeze`)), ["1", "0", "0"]);
});

test("touches no group that is not the container's", () => {
  using host = new HostFixture();
  host.addProcess({ pid: main.pid, cgroups: ["7:freezer:/system.slice/database.service", "0::/system.slice/database.service"] });
  host.write("cgroup/freezer/system.slice/database.service/freezer.state", "FROZEN\n");
  host.write("cgroup/system.slice/database.service/cgroup.freeze", "1");
  thaw(host, main, id);
  assert.equal(read(host, "cgroup/freezer/system.slice/database.service/freezer.state"), "FROZEN\n");
  assert.equal(read(host, "cgroup/system.slice/database.service/cgroup.freeze"), "1");
});

test("takes a process that is gone for one that is not frozen", () => {
  using host = new HostFixture();
  assert.equal(isFrozen(host, main), false);
  thaw(host, main, id);
});
