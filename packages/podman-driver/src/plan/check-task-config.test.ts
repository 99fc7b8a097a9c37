import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMsgpack, type HclRecord, type TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { checkTaskConfig } from "./check-task-config.ts";

function problems(config: HclRecord, task: Partial<TaskConfig> = {}): readonly string[] {
  const { problems: found } = checkTaskConfig(plainTask({ driverConfig: encodeMsgpack({ image: "busybox", ...config }), ...task }));
  return found.map(({ path, message }) => `${path} > ${message}`);
}

test("finds nothing in a config that can start", () => {
  assert.deepEqual(
    problems({ network_mode: "host", privileged: false, volumes: [], logging: { driver: "journald", options: [{ tag: "x" }] } }),
    [],
  );
});

const refused: readonly (readonly [HclRecord, RegExp])[] = [
  [
    { ipv4_address: "fd00::9" },
    /^ipv4_address > config key ipv4_address: "fd00::9" is not an IPv4 address; write an IPv4 address, such as 10\.88\.0\.10$/,
  ],
  [{ volumes: ["/a:/b:wat"] }, /^volumes\[0\] > config key volumes\[0\]: "\/a:\/b:wat" has the unknown mount option "wat"; known /],
  [{ auth: { username: "u", server_address: "a b" } }, /^auth\.server_address > config key auth\.server_address: "a b" is no registry; /],
  [
    { force_pull: true, image_pull_policy: "never" },
    /^image_pull_policy > config key image_pull_policy: "never" and force_pull = true exclude each other; /,
  ],
  [{ image: "" }, /^image > config key image is required, but not set$/],
  [{ image: "dir:x" }, /^image > config key image: "dir:x" has the transport dir:, which is not supported yet; /],
  [{ image_pull_timeout: "5 min" }, /^image_pull_timeout > config key image_pull_timeout: "5 min" is not a duration; /],
  [{ entrypoint: { a: "b" } }, /^entrypoint > config key entrypoint: .*must be a list of strings/],
  [{ log_files: { max_file_size: "1k" } }, /^log_files\.max_file_size > config key log_files\.max_file_size: "1k".*at least 4k/],
  [{ log_files: { max_files: -1 } }, /^log_files\.max_files > config key log_files\.max_files: -1.*at least 1/],
  [{ logging: { driver: "wat" } }, /^logging\.driver > config key logging\.driver: "wat" is no log driver of Podman; /],
  [
    { logging: { driver: "none", options: [{ tag: "x" }] } },
    /^logging\.options\.tag > config key logging\.options\.tag: would have no effect/,
  ],
  [{ network_mode: "host:wat" }, /^network_mode > config key network_mode: "host:wat" is no network; write bridge, host, none, /],
  [{ ports: ["http"] }, /^ports > config key ports: the group's network block defines no ports, /],
  [{ cpu_hard_limit: true, cpu_cfs_period: 2_000_000 }, /^cpu_cfs_period > config key cpu_cfs_period: 2000000 is too long; /],
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
  assert.deepEqual(
    problems({ ipv4_address: "fd00::9", static_mac: "02:00", network_mode: "host:wat" })
      .map((problem) => problem.split(" ")[0])
      .toSorted(),
    ["ipv4_address", "network_mode", "static_mac"],
  );
});

test("does not judge the network mode of a task that joins its group's network", () => {
  assert.deepEqual(problems({ network_mode: "wat" }, { networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } }), []);
});

test("does not judge what only the engine or the operator can", () => {
  assert.deepEqual(
    problems({ cpu_hard_limit: true, socket: "no-such" }, { networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } }),
    [],
  );
});

test("says of a key that is deprecated, or has no effect, what its author should know", () => {
  const config = { image: "busybox", cpuset_cpus: "0-1", cpu_cfs_period: 50_000 };
  const { problems: mistakes, notices } = checkTaskConfig(plainTask({ driverConfig: encodeMsgpack(config) }));
  assert.deepEqual([mistakes, notices.map(({ path }) => path)], [[], ["cpuset_cpus", "cpu_cfs_period"]]);
});

test("says what a config is that cannot be read at all", () => {
  const { problems: unreadable } = checkTaskConfig(plainTask({ driverConfig: new Uint8Array() }));
  assert.deepEqual(unreadable.map(({ path }) => path), [""]);
  assert.match(unreadable[0]?.message ?? "", /^read the task config: not a msgpack value/);
});
