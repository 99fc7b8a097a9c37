import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack, type HclRecord, type TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { checkTaskConfig } from "./check-task-config.ts";

function problems(config: HclRecord, task: Partial<TaskConfig> = {}): readonly string[] {
  const found = checkTaskConfig(plainTask({ driverConfig: encodeMsgpack({ image: "busybox", ...config }), ...task }));
  return found.map(({ path, message }) => `${path} > ${message}`);
}

test("finds nothing in a config that can start", () => {
  assert.deepEqual(problems({ network_mode: "host", privileged: false, volumes: [], logging: { driver: "journald", options: [{ tag: "x" }] } }), []);
});

const refused: readonly (readonly [HclRecord, RegExp])[] = [
  [{ privileged: true }, /^privileged > config: privileged is not supported yet/],
  [{ volumes: ["/a:/b"] }, /^volumes > config: volumes is not supported yet/],
  [{ image: "" }, /^image > image: a name is required/],
  [{ image: "oci-archive:x.tar" }, /^image > .*the transport oci-archive: is not supported yet/],
  [{ image_pull_timeout: "5 min" }, /^image_pull_timeout > .*is not a duration/],
  [{ entrypoint: { a: "b" } }, /^entrypoint > entrypoint: must be a list of strings/],
  [{ log_files: { max_file_size: "1k" } }, /^log_files > .*must be at least 4k/],
  [{ logging: { driver: "wat" } }, /^logging\.driver > config: logging\.driver "wat" is no log driver/],
  [{ logging: { driver: "none", options: [{ tag: "x" }] } }, /^logging\.options > /],
  [{ network_mode: "wat" }, /^network_mode > network_mode "wat" is not supported yet/],
  [{ ports: ["http"] }, /^ports > ports: the group's network block defines no ports/],
  [{ cpu_hard_limit: true, cpu_cfs_period: 2_000_000 }, /^cpu_cfs_period > .*too long/],
  [{ oom_score_adj: 100_000 }, /^oom_score_adj > config key oom_score_adj: 100000/],
];

for (const [config, problem] of refused) {
  test(`finds what StartTask would refuse in ${JSON.stringify(config)}`, () => {
    const found = problems(config);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", problem);
  });
}

test("finds all of them at once", () => {
  assert.deepEqual(problems({ tty: true, privileged: true, network_mode: "wat" }).map((problem) => problem.split(" ")[0]).toSorted(), ["network_mode", "privileged", "tty"]);
});

test("does not judge the network mode of a task that joins its group's network", () => {
  assert.deepEqual(problems({ network_mode: "wat" }, { networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } }), []);
});
