import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mount } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { planMounts } from "./mounts.ts";

const mount: Mount = { taskPath: "/data", hostPath: "/host/data", readonly: false, propagationMode: "", selinuxLabel: "", requestName: "data" };
const open = { protectsLogs: false };
const optionsOf = (more: Partial<Mount>): readonly string[] | undefined => planMounts(plainTask({ mounts: [{ ...mount, ...more }] }), open).at(-1)?.options;

test("mounts the allocation's folders where the environment says", () => {
  const env = { NOMAD_ALLOC_DIR: "/a", NOMAD_TASK_DIR: "/t", NOMAD_SECRETS_DIR: "/s" };
  const bind = (source: string, destination: string): object => ({ type: "bind", source, destination, options: ["rbind"] });
  assert.deepEqual(planMounts(plainTask({ env }), open), [bind("/alloc-dir/alloc", "/a"), bind("/alloc-dir/web/local", "/t"), bind("/alloc-dir/web/secrets", "/s")]);
  assert.deepEqual(planMounts(plainTask(), open).map(({ destination }) => destination), ["/alloc", "/local", "/secrets"]);
});

test("adds Nomad's mounts behind them", () => {
  const planned = planMounts(plainTask({ mounts: [mount, { ...mount, taskPath: "/more" }] }), open);
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

for (const propagationMode of ["rshared", "PRIVATE", "sideways"]) {
  test(`refuses the propagation ${propagationMode}`, () => {
    assert.throws(() => optionsOf({ propagationMode }), { code: "config-invalid", message: /^mount \/data: unknown propagation mode .*host-to-task/ });
  });
}
