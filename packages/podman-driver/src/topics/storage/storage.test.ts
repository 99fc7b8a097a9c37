import assert from "node:assert/strict";
import { test } from "node:test";
import type { MountSpec } from "@driver/libpod";
import type { Mount } from "@driver/nomad-plugin";
import type { LogCollection } from "../../config/resolve-log-collection.ts";
import { mistakesOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const mount: Mount = { taskPath: "/data", hostPath: "/host/data", readonly: false, propagationMode: "", selinuxLabel: "", requestName: "data" };
const mountsOf = (wishes: Wishes): readonly MountSpec[] => specOf(wishes).mounts ?? [];
const optionsOf = (more: Partial<Mount>): readonly string[] | undefined => mountsOf({ task: { mounts: [{ ...mount, ...more }] } }).at(-1)?.options;

test("mounts the allocation's folders where the environment says", () => {
  const env = { NOMAD_ALLOC_DIR: "/a", NOMAD_TASK_DIR: "/t", NOMAD_SECRETS_DIR: "/s" };
  const bind = (source: string, destination: string): object => ({ type: "bind", source, destination, options: ["rbind"] });
  assert.deepEqual(mountsOf({ task: { env } }), [bind("/alloc-dir/alloc", "/a"), bind("/alloc-dir/web/local", "/t"), bind("/alloc-dir/web/secrets", "/s")]);
  assert.deepEqual(mountsOf({}).map(({ destination }) => destination), ["/alloc", "/local", "/secrets"]);
});

test("adds Nomad's mounts behind them", () => {
  const planned = mountsOf({ task: { mounts: [mount, { ...mount, taskPath: "/more" }] } });
  assert.deepEqual(planned.slice(3).map(({ source, destination }) => [source, destination]), [["/host/data", "/data"], ["/host/data", "/more"]]);
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
    const message = `config key volume_mount /data: "${propagationMode}" is no propagation mode; private, host-to-task or bidirectional would be right`;
    assert.throws(() => optionsOf({ propagationMode }), { code: "config-invalid", message });
    assert.deepEqual(mistakesOf({ task: { mounts: [{ ...mount, propagationMode }] } }), [`volume_mount /data > ${message}`]);
  });
}

const logMounts = (logCollection: LogCollection, env = {}): readonly MountSpec[] => mountsOf({ task: { env }, settings: { logCollection } }).filter(({ source }) => source?.endsWith("/logs"));
const readOnly = (destination: string): readonly object[] => [{ type: "bind", source: "/alloc-dir/alloc/logs", destination, options: ["rbind", "ro"] }];

test("lets no task write to the log folder where the driver writes the logs itself", () => {
  assert.deepEqual(logMounts("driver"), readOnly("/alloc/logs"));
  assert.deepEqual(logMounts("driver", { NOMAD_ALLOC_DIR: "/a" }), readOnly("/a/logs"));
  assert.deepEqual([logMounts("nomad"), logMounts("off")], [[], []]);
});

test("mounts the protected log folder behind the folder that it is in", () => {
  assert.deepEqual(mountsOf({ settings: { logCollection: "driver" } }).map(({ destination }) => destination), ["/alloc", "/alloc/logs", "/local", "/secrets"]);
});
