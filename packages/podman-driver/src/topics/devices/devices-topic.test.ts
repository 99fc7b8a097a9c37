import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclValue } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const pathsOf = (devices: HclValue): readonly string[] => (specOf({ config: { devices } }).devices ?? []).map(({ path }) => path);

describe("devices", () => {
  const rows: readonly (readonly [HclValue, readonly string[]])[] = [
    [null, []],
    ["", []],
    [[], []],
    [["/dev/fuse"], ["/dev/fuse"]],
    [["/dev/fuse:/dev/other"], ["/dev/fuse:/dev/other"]],
    [["/dev/fuse:r"], ["/dev/fuse:r"]],
    [["/dev/fuse:/dev/other:rw", "/dev/dri"], ["/dev/fuse:/dev/other:rw", "/dev/dri"]],
    [["/dev//x/../fuse:rwm"], ["/dev/fuse:rwm"]],
    [["nvidia.com/gpu=all", "vendor.example/net-x=eth0:1"], ["nvidia.com/gpu=all", "vendor.example/net-x=eth0:1"]],
    [[{ host_path: "/dev/fuse" }], ["/dev/fuse:/dev/fuse:rwm"]],
    [{ host_path: "/dev/fuse" }, ["/dev/fuse:/dev/fuse:rwm"]],
    [[{ host_path: "/dev/fuse", container_path: "/dev/x", cgroup_permissions: "r" }, "/dev/tty"], ["/dev/fuse:/dev/x:r", "/dev/tty"]],
    [[{ host_path: "/dev/fuse", container_path: "", cgroup_permissions: null }], ["/dev/fuse:/dev/fuse:rwm"]],
  ];
  for (const [devices, paths] of rows) test(`${JSON.stringify(devices)} reach Podman`, () => assert.deepEqual(pathsOf(devices), paths));

  const mistakes: readonly (readonly [HclValue, RegExp])[] = [
    ["/dev/fuse", /^devices > config key devices: "\/dev\/fuse" is no list; write e\.g\. devices = /],
    [5, /^devices > /],
    [[5], /^devices\[0\] > config key devices\[0\]: 5 is no device; host\[:container\]\[:permissions\] would be right/],
    [[""], /^devices\[0\] > .* "" is no device/],
    [["dev/fuse"], /is no device/],
    [["/dev/fuse:rwx"], /is no device/],
    [["/dev/fuse:rr"], /is no device/],
    [["/dev/fuse:rw:/dev/x"], /is no device/],
    [["/dev/fuse:/dev/x:rw:m"], /is no device/],
    [["/dev/fuse:"], /is no device/],
    [["gpu=all"], /is no device/],
    [[{}], /^devices\[0\]\.host_path > .* "" is no absolute path/],
    [[{ host_path: "/dev/fuse", container_path: "x" }], /^devices\[0\]\.container_path > /],
    [[{ host_path: "/dev/fuse", cgroup_permissions: "rwx" }], /^devices\[0\]\.cgroup_permissions > .* letters of r, w and m/],
    [[{ host_path: 5 }], /^devices\[0\]\.host_path > .* 5 is no string/],
    [
      [{ host_path: "/dev/fuse", mode: "r" }],
      /^devices\[0\]\.mode > .* is unknown; a device has host_path, container_path, cgroup_permissions/,
    ],
  ];
  for (const [devices, message] of mistakes) {
    test(`${JSON.stringify(devices)} are refused`, () => {
      const found = mistakesOf({ config: { devices } });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", message);
    });
  }

  test("are noted as wishes", () => {
    assert.deepEqual(
      decodedOf({ config: { devices: ["/dev/fuse:r", "nvidia.com/gpu=0"] } }).wishes.filter(({ kind }) => kind.endsWith("device")),
      [
        { kind: "device", key: "devices[0]", value: "/dev/fuse:r", hostPath: "/dev/fuse" },
        { kind: "cdi-device", key: "devices[1]", value: "nvidia.com/gpu=0", name: "nvidia.com/gpu=0" },
      ],
    );
  });
});

describe("what device plugins assign", () => {
  const device = { hostPath: "/dev/nvidia0", taskPath: "/dev/nvidia1", cgroupPermissions: "rw" };

  test("comes before the task's own", () => {
    assert.deepEqual(specOf({ task: { devices: [device] }, config: { devices: ["/dev/fuse"] } }).devices, [
      { path: "/dev/nvidia0:/dev/nvidia1:rw" },
      { path: "/dev/fuse" },
    ]);
  });

  test("may leave out place and permissions", () => {
    assert.deepEqual(specOf({ task: { devices: [{ ...device, taskPath: "", cgroupPermissions: "" }] } }).devices, [
      { path: "/dev/nvidia0:/dev/nvidia0" },
    ]);
  });

  test("is no wish of the job's", () => assert.deepEqual(decodedOf({ task: { devices: [device] } }).wishes, decodedOf().wishes));

  const settings = { deviceCdiKinds: { NVIDIA_VISIBLE_DEVICES: "nvidia.com/gpu" } };
  const values: Readonly<Record<string, readonly string[]>> = {
    "GPU-1,GPU-2": ["nvidia.com/gpu=GPU-1", "nvidia.com/gpu=GPU-2"],
    all: ["nvidia.com/gpu=all"],
    " 0 ,1": ["nvidia.com/gpu=0", "nvidia.com/gpu=1"],
    "": [],
    none: [],
    void: [],
  };
  for (const [value, names] of Object.entries(values)) {
    test(`may be the variable ${JSON.stringify(value)}, which becomes CDI names where the operator says so`, () => {
      const task = { deviceEnv: { NVIDIA_VISIBLE_DEVICES: value } };
      assert.deepEqual((specOf({ task, settings }).devices ?? []).map(({ path }) => path), names);
      assert.equal(specOf({ task }).devices, undefined);
      // What the job sets itself is not what a plugin assigns.
      assert.equal(specOf({ task: { env: task.deviceEnv }, settings }).devices, undefined);
    });
  }
});

test("a plan without devices says nothing of them", () => assert.deepEqual([planOf().spec.devices, planOf().notices], [undefined, []]));

test("a privileged task is told where Podman does not rename its devices", () => {
  const noticesOf = (devices: readonly string[], version: string): readonly string[] =>
    planOf({ config: { privileged: true, devices }, facts: { version } }).notices;
  const moved = ["/dev/fuse", "/dev/fuse:/dev/x:r"];
  assert.deepEqual(noticesOf(moved, "4.3.1"), [
    'config key devices[1]: "/dev/fuse:/dev/x:r" has no effect: Podman 4.3.1 gives a privileged task all devices under their ' +
      'names on the host',
  ]);
  assert.deepEqual(noticesOf(moved, "5.4.2"), []);
  assert.deepEqual(noticesOf(["/dev/fuse", "/dev/fuse:/dev/fuse:r"], "4.3.1"), []);
});
