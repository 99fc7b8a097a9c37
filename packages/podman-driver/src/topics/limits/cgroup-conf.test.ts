import assert from "node:assert/strict";
import { test } from "node:test";
import { decodedOf, mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const second = { cgroupVersion: "v2", cgroupControllers: ["cpu", "hugetlb", "io", "memory"] };

test("settings of the cgroup are passed on by their files", () => {
  const config = { cgroup_conf: [{ "memory.high": "33554432" }, { "io.max": "254:0 rbps=1048576", "hugetlb.2MB.max": "0" }] };
  assert.deepEqual(specOf({ config, facts: second }).resource_limits?.unified, {
    "memory.high": "33554432",
    "io.max": "254:0 rbps=1048576",
    "hugetlb.2MB.max": "0",
  });
  for (const empty of [{}, { cgroup_conf: [] }, { cgroup_conf: [{}] }]) {
    assert.ok(!("unified" in (specOf({ config: empty }).resource_limits ?? {})));
  }
});

const owners = {
  "memory.max": "resources.memory_max",
  "memory.low": "memory_reservation",
  "memory.swap.max": "memory_swap",
  "pids.max": "pids_limit",
  "cpu.max": "cpu_hard_limit",
  "cpu.weight": "resources.cpu",
  "cpu.weight.nice": "resources.cpu",
  "cpuset.cpus": "resources.cores",
  "cpuset.mems": "cpuset_mems",
};
for (const [file, owner] of Object.entries(owners)) {
  test(`${file} is left to ${owner}, by which Nomad and the operator go`, () => {
    assert.deepEqual(mistakesOf({ config: { cgroup_conf: [{ [file]: "1" }] } }), [
      `cgroup_conf > config key cgroup_conf: "${file}" has a key of its own; set ${owner}`,
    ]);
  });
}

for (const file of ["memory", "cgroup.procs", "cgroup.freeze", "../memory.high", "a/memory.high", "memory.", ".high", "", "constructor"]) {
  test(`${JSON.stringify(file)} is no setting`, () => {
    assert.match(
      mistakesOf({ config: { cgroup_conf: [{ [file]: "1" }] } }).join(),
      /^cgroup_conf > .* is no setting of a cgroup's controller; write the name of its file, e\.g\. memory\.high$/,
    );
  });
}

test("cgroup v1 has none, and a rootless Podman those of its controllers, which is told", () => {
  const config = { cgroup_conf: [{ "memory.high": "33554432" }] };
  assert.throws(() => planOf({ config }), {
    code: "unsupported",
    message: /^config key cgroup_conf: "memory\.high" needs cgroup v2, and this host has cgroup v1; remove it, or bind the job/,
  });
  const { spec, notices } = planOf({ config, facts: { ...second, rootless: true, cgroupControllers: ["pids"] } });
  assert.equal(spec.resource_limits?.unified, undefined);
  assert.match(notices.join("\n"), /^cgroup_conf's memory\.high is not applied: it needs the cgroup controller memory/m);
});

test("an operator who forbids what is unconfined forbids them", () => {
  const config = { cgroup_conf: [{ "memory.high": "max" }] };
  assert.deepEqual(decodedOf({ config }).wishes.filter(({ kind }) => kind === "unconfined"), [
    { kind: "unconfined", key: "cgroup_conf", value: "memory.high", what: "what else limits the task's cgroup" },
  ]);
});
