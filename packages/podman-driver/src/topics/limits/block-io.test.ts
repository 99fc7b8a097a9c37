import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const rows: readonly { readonly config: HclRecord; readonly spec: Partial<ContainerSpec> }[] = [
  { config: { blkio_weight: 0, device_read_bps: [] }, spec: {} },
  { config: { blkio_weight: 10 }, spec: { resource_limits: { blockIO: { weight: 10 } } } },
  { config: { blkio_weight: 1000 }, spec: { resource_limits: { blockIO: { weight: 1000 } } } },
  {
    config: { blkio_weight_device: ["/dev/sda:200", "/dev//sdb:10"] },
    spec: { weightDevice: { "/dev/sda": { weight: 200 }, "/dev/sdb": { weight: 10 } } },
  },
  {
    config: { device_read_bps: ["/dev/sda:1048576", "/dev/sdb:10m"] },
    spec: { throttleReadBpsDevice: { "/dev/sda": { rate: 1_048_576 }, "/dev/sdb": { rate: 10_485_760 } } },
  },
  {
    config: { device_write_bps: ["/dev/disk/by-path/pci-0000:00:1f.2:1kb"] },
    spec: { throttleWriteBpsDevice: { "/dev/disk/by-path/pci-0000:00:1f.2": { rate: 1024 } } },
  },
  { config: { device_read_iops: ["/dev/sda:1"] }, spec: { throttleReadIOPSDevice: { "/dev/sda": { rate: 1 } } } },
  { config: { device_write_iops: ["/dev/sda:500"] }, spec: { throttleWriteIOPSDevice: { "/dev/sda": { rate: 500 } } } },
];

function blockIoOf(spec: ContainerSpec): Partial<ContainerSpec> {
  const names = [
    "weightDevice",
    "throttleReadBpsDevice",
    "throttleWriteBpsDevice",
    "throttleReadIOPSDevice",
    "throttleWriteIOPSDevice",
  ] as const;
  const blockIO = spec.resource_limits?.blockIO;
  return {
    ...Object.fromEntries(names.filter((name) => name in spec).map((name) => [name, spec[name]])),
    ...(blockIO !== undefined && { resource_limits: { blockIO } }),
  };
}

describe("block I/O", () => {
  for (const { config, spec } of rows) {
    test(`${JSON.stringify(config)} becomes ${JSON.stringify(spec)}`, () => assert.deepEqual(blockIoOf(specOf({ config })), spec));
  }

  const mistakes: readonly { readonly config: HclRecord; readonly says: string }[] = [
    { config: { blkio_weight: 9 }, says: "blkio_weight: 9 is out of range; 10 to 1000 would be right" },
    { config: { blkio_weight: 1001 }, says: "blkio_weight: 1001 is out of range; 10 to 1000 would be right" },
    ...["/dev/sda:9", "/dev/sda", "sda:200", ":200"].map((text) => ({
      config: { blkio_weight_device: [text] },
      says:
        `blkio_weight_device[0]: "${text}" is no device with its figure; path:weight with a weight from 10 to 1000, e.g. ` +
        "/dev/sda:200 would be right",
    })),
    ...["/dev/sda:0", "/dev/sda:fast", "/dev/sda:"].map((text) => ({
      config: { device_read_bps: [text] },
      says: `device_read_bps[0]: "${text}" is no device with its figure; path:rate in bytes a second, e.g. /dev/sda:10m would be right`,
    })),
    {
      config: { device_write_iops: ["/dev/sda:10m"] },
      says:
        'device_write_iops[0]: "/dev/sda:10m" is no device with its figure; path:rate in operations a second, e.g. /dev/sda:200 ' +
        'would be right',
    },
    {
      config: { device_write_bps: ["/dev/sda:1m", "/dev/./sda:2m"] },
      says: 'device_write_bps[1]: "/dev/./sda:2m" is the second figure for /dev/sda; remove one of them',
    },
  ];
  for (const { config, says } of mistakes) {
    test(`${JSON.stringify(config)} is refused`, () =>
      assert.deepEqual(
        mistakesOf({ config }).map((text) => text.replace(/^.* > config key /, "")),
        [says],
      ));
  }

  test("is left out where a rootless Podman may not limit it, and told", () => {
    const facts = { rootless: true, cgroupVersion: "v2", cgroupControllers: ["cpu", "memory", "pids"] };
    for (const [key, value] of Object.entries({ blkio_weight: 20, device_read_bps: ["/dev/sda:1m"] })) {
      const { spec, notices } = planOf({ config: { [key]: value }, facts });
      const told = new RegExp(`^${key} is not applied: it needs the cgroup controller io, and this rootless Podman has`, "m");
      assert.match(notices.join("\n"), told);
      assert.deepEqual([spec.resource_limits?.blockIO, spec.throttleReadBpsDevice], [undefined, undefined]);
    }
  });

  const failures = [
    {
      podman: "could not parse throttle device at /dev/x: no such file or directory",
      keys: 'device_read_bps = "/dev/x:1024", which needs a block device of the host',
    },
    {
      podman: 'runc: error setting cgroup config: failed to write "1:3 1048576": write …/blkio.throttle.read_bps_device: no such device',
      keys: 'device_read_bps = "/dev/x:1024"',
    },
    { podman: "crun: writing file `io.max`: No such device", keys: 'device_read_bps = "/dev/x:1024"' },
    {
      podman: "runc: write …/blkio.bfq.weight_device: operation not supported",
      keys: 'blkio_weight_device = "/dev/x:20", which needs a block device of the host whose I/O scheduler is bfq',
    },
    { podman: "crun: open io.weight: No such file or directory", keys: 'blkio_weight_device = "/dev/x:20"' },
  ];
  for (const { podman, keys } of failures) {
    test(`is named when Podman says ${podman}`, () => {
      const { explain } = planOf({ config: { device_read_bps: ["/dev/x:1k"], blkio_weight_device: ["/dev/x:20"] } });
      const text = explain(podman)?.text ?? "";
      assert.ok(text.startsWith(`the task's config has ${keys}`), text);
      assert.equal(planOf().explain(podman), undefined);
    });
  }

  test("is told from the weight of all devices, for which the kernel lacks a file of its own", () => {
    const podman = "crun: opening file `io.weight` for writing: No such file or directory";
    const says = "the task's config has blkio_weight = 400, which needs a kernel that weighs disk time (io.weight of cgroup v2)";
    for (const devices of [{}, { blkio_weight_device: ["/dev/x:20"] }]) {
      assert.equal(planOf({ config: { blkio_weight: 400, ...devices } }).explain(podman)?.text, says);
    }
    const { explain } = planOf({ config: { blkio_weight: 400, blkio_weight_device: ["/dev/x:20"] } });
    assert.match(explain("crun: open io.bfq.weight: No such file or directory")?.text ?? "", /blkio_weight_device = /);
  });

  for (const words of ["not a block device", "no such file or directory"]) {
    test(`is named by its path when Podman says no more than that it is ${words}`, () => {
      const { explain } = planOf({ config: { device_read_bps: ["/dev/x:1k"], blkio_weight_device: ["/dev/y:20"] } });
      assert.match(explain(`/dev/x: ${words}`)?.text ?? "", /^the task's config has device_read_bps = "\/dev\/x:1024", which needs/);
      const weighed = explain(`/dev/y: ${words}`)?.text ?? "";
      assert.match(weighed, /^the task's config has blkio_weight_device = "\/dev\/y:20", which needs .*bfq$/);
      assert.equal(explain(`/dev/z: ${words}`), undefined);
    });
  }
});
