import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerInspect, MountSpec } from "@driver/libpod";
import type { Mount } from "@driver/nomad-plugin";
import type { LogCollector } from "../../config/log-route.ts";
import type { TaskSettings } from "../../config/task-settings.ts";
import { mistakesOf, plainSettings, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const mount: Mount = {
  taskPath: "/data",
  hostPath: "/host/data",
  readonly: false,
  propagationMode: "",
  selinuxLabel: "",
  requestName: "data",
};
const mountsOf = (wishes: Wishes): readonly MountSpec[] => specOf(wishes).mounts ?? [];
const optionsOf = (more: Partial<Mount>): readonly string[] | undefined =>
  mountsOf({ task: { mounts: [{ ...mount, ...more }] } }).at(-1)?.options;

test("mounts the allocation's folders where the environment says", () => {
  const env = { NOMAD_ALLOC_DIR: "/a", NOMAD_TASK_DIR: "/t", NOMAD_SECRETS_DIR: "/s" };
  const bind = (source: string, destination: string): object => ({ type: "bind", source, destination, options: ["rbind"] });
  assert.deepEqual(mountsOf({ task: { env } }), [
    bind("/alloc-dir/alloc", "/a"),
    bind("/alloc-dir/web/local", "/t"),
    bind("/alloc-dir/web/secrets", "/s"),
  ]);
  assert.deepEqual(mountsOf({}).map(({ destination }) => destination), ["/alloc", "/local", "/secrets"]);
});

test("adds Nomad's mounts behind them", () => {
  const planned = mountsOf({ task: { mounts: [mount, { ...mount, taskPath: "/more" }] } });
  assert.deepEqual(
    planned.slice(3).map(({ source, destination }) => [source, destination]),
    [
      ["/host/data", "/data"],
      ["/host/data", "/more"],
    ],
  );
});

const cases: readonly { readonly more: Partial<Mount>; readonly options: readonly string[] }[] = [
  { more: {}, options: ["rbind"] },
  { more: { readonly: true }, options: ["rbind", "ro"] },
  { more: { propagationMode: "private" }, options: ["rbind", "rprivate"] },
  { more: { propagationMode: "host-to-task" }, options: ["rbind", "rslave"] },
  { more: { propagationMode: "bidirectional" }, options: ["rbind", "rshared"] },
  { more: { selinuxLabel: "Z" }, options: ["rbind", "Z"] },
  { more: { readonly: true, propagationMode: "private", selinuxLabel: "z" }, options: ["rbind", "ro", "rprivate", "z"] },
];
for (const { more, options } of cases) test(`mounts with ${JSON.stringify(more)}`, () => assert.deepEqual(optionsOf(more), options));

for (const propagationMode of ["rshared", "PRIVATE", "sideways", "constructor"]) {
  test(`refuses the propagation ${propagationMode}`, () => {
    const message =
      `config key volume_mount /data: "${propagationMode}" is no propagation mode; private, host-to-task or bidirectional would ` +
      "be right";
    assert.throws(() => optionsOf({ propagationMode }), { code: "config-invalid", message });
    assert.deepEqual(mistakesOf({ task: { mounts: [{ ...mount, propagationMode }] } }), [`volume_mount /data > ${message}`]);
  });
}

const collectedBy = (by: LogCollector): Partial<TaskSettings> => {
  const { from, to } = plainSettings.logRoute;
  return { logRoute: { from, to: { ...to, by } } };
};
const logMounts = (by: LogCollector, env = {}): readonly MountSpec[] =>
  mountsOf({ task: { env }, settings: collectedBy(by) }).filter(({ source }) => source?.endsWith("/logs"));
const readOnly = (destination: string): readonly object[] => [
  { type: "bind", source: "/alloc-dir/alloc/logs", destination, options: ["rbind", "ro"] },
];

test("lets no task write to the log folder where the driver writes the logs itself", () => {
  assert.deepEqual(logMounts("driver"), readOnly("/alloc/logs"));
  assert.deepEqual(logMounts("driver", { NOMAD_ALLOC_DIR: "/a" }), readOnly("/a/logs"));
  assert.deepEqual([logMounts("nomad"), logMounts("off")], [[], []]);
});

test("mounts the protected log folder behind the folder that it is in", () => {
  assert.deepEqual(
    mountsOf({ settings: collectedBy("driver") }).map(({ destination }) => destination),
    ["/alloc", "/alloc/logs", "/local", "/secrets"],
  );
});

for (const [selinuxLabel, ownLabel, options] of [["", "", []], ["z", "", ["z"]], ["z", "Z", ["Z"]], ["Z", "", ["Z"]]] as const) {
  const [label, own] = [selinuxLabel || "nothing", ownLabel || "not set"];
  test(`labels Nomad's mounts with ${label} where their own label is ${own}, and the task's not at all`, () => {
    const planned = mountsOf({
      settings: { selinuxLabel },
      task: { mounts: [{ ...mount, selinuxLabel: ownLabel }] },
      config: { volumes: ["/a:/b"] },
    });
    const built = ["rbind", ...(selinuxLabel === "" ? [] : [selinuxLabel])];
    assert.deepEqual(planned.map((one) => one.options), [built, built, built, ["rbind", ...options], ["rbind"]]);
  });
}

test("protects the log folder with the operator's label", () => {
  assert.deepEqual(mountsOf({ settings: { selinuxLabel: "z", ...collectedBy("driver") } })[1]?.options, ["rbind", "ro", "z"]);
});

const rootTmpfs = (destinations: readonly string[]): readonly MountSpec[] =>
  destinations.map((destination) => ({ type: "tmpfs", source: "tmpfs", destination, options: [] }));

describe("a read-only root", () => {
  for (const key of ["readonly_rootfs", "read_only"]) {
    test(`comes with ${key}`, () =>
      assert.deepEqual(
        [specOf({ config: { [key]: true } }).read_only_filesystem, specOf({ config: { [key]: false } }).read_only_filesystem],
        [true, undefined],
      ));
  }

  test("is asked for once", () => {
    assert.deepEqual(mistakesOf({ config: { readonly_rootfs: true, read_only: true } }), [
      "read_only > config key read_only: says the same as readonly_rootfs; keep one of them",
    ]);
  });

  test("has memory on its writable folders, by Podman from 4.4 on", () => {
    const wishes = { config: { read_only: true, read_only_tmpfs: true, volumes: ["/cache:/run"] } };
    const [old, later] = [specOf(wishes), specOf({ ...wishes, facts: { version: "4.4.0" } })];
    assert.deepEqual([old.read_write_tmpfs, old.mounts?.slice(4)], [undefined, rootTmpfs(["/tmp", "/var/tmp"])]);
    assert.deepEqual([later.read_write_tmpfs, later.mounts?.slice(4)], [true, []]);
  });

  test("is needed for that memory", () => {
    assert.match(
      mistakesOf({ config: { read_only_tmpfs: true } })[0] ?? "",
      /^read_only_tmpfs > .* is for a read-only root; set readonly_rootfs as well/,
    );
  });
});

const sizes: Readonly<Record<string, number | undefined>> = {
  "": undefined,
  "0": undefined,
  "64m": 67_108_864,
  "67108864": 67_108_864,
  "1.5G": 1_610_612_736,
  "128kb": 131_072,
};
for (const [text, bytes] of Object.entries(sizes)) {
  test(`gives /dev/shm ${bytes ?? "no"} bytes of its own with shm_size ${JSON.stringify(text)}`, () =>
    assert.equal(specOf({ config: { shm_size: text } }).shm_size, bytes));
}

test("refuses a shm_size that is none", () => {
  assert.match(mistakesOf({ config: { shm_size: "lots" } })[0] ?? "", /^shm_size > config key shm_size: "lots" is not a size/);
});

test("refuses storage_opt where Podman would drop it without a word", () => {
  const config = { storage_opt: { size: "1g" } };
  const message = /storage_opt: needs Podman 4\.0, and 3\.0\.1 runs, which would drop it/;
  assert.throws(() => planOf({ config, facts: { version: "3.0.1" } }), { code: "unsupported", message });
  planOf({ facts: { version: "3.0.1" } });
});

test("passes storage_opt on", () => {
  assert.deepEqual(
    [specOf({ config: { storage_opt: { size: "1g" } } }).storage_opts, specOf({}).storage_opts],
    [{ size: "1g" }, undefined],
  );
});

test("says of idmap that older runc leaves it undone, and looks at nothing else", () => {
  const made = (ociRuntime: string): ContainerInspect => ({ ociRuntime }) as ContainerInspect;
  const { findShortfalls } = planOf({ config: { volumes: ["/a:/b:idmap"] } });
  assert.deepEqual(findShortfalls?.(made("runc")).map(({ key, isFatal }) => [key, isFatal]), [["volumes[0]", false]]);
  assert.deepEqual(findShortfalls?.(made("crun")), []);
  assert.equal(planOf({ config: { volumes: ["/a:/b:U,ro"] } }).findShortfalls, undefined);
});

test("relabels nothing for a privileged task", () => {
  const mounts = [mount, { ...mount, selinuxLabel: "Z" }];
  const { spec } = planOf({ config: { privileged: true }, task: { mounts }, settings: { selinuxLabel: "z" } });
  assert.deepEqual(spec.mounts?.map((one) => one.options), [["rbind"], ["rbind"], ["rbind"], ["rbind"], ["rbind"]]);
});
