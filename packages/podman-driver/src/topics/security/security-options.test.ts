import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const secured = { version: "5.4.2", selinuxEnabled: true, apparmorEnabled: true };
const { annotations: _unset, ...plain } = specOf({ facts: secured });

/** What of the spec a config changes. */
function changesOf(config: HclRecord): Partial<ContainerSpec> {
  const spec = specOf({ config, facts: secured });
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !(key in plain))) as Partial<ContainerSpec>;
}
const noted = (word: string, text: string): object => ({ annotations: { [`io.podman.annotations.${word}`]: text } });

const rows: readonly { readonly config: HclRecord; readonly spec: object }[] = [
  { config: { security_opt: [], selinux_opts: [], apparmor_profile: "" }, spec: {} },
  { config: { security_opt: [""] }, spec: {} },
  { config: { security_opt: ["no-new-privileges"] }, spec: { no_new_privileges: true } },
  { config: { security_opt: ["no-new-privileges=true"] }, spec: { no_new_privileges: true } },
  { config: { security_opt: ["no-new-privileges:true"] }, spec: { no_new_privileges: true } },
  { config: { security_opt: ["no-new-privileges=false"] }, spec: {} },
  { config: { security_opt: ["seccomp=unconfined"] }, spec: { seccomp_profile_path: "unconfined", ...noted("seccomp", "unconfined") } },
  { config: { security_opt: ["seccomp:/etc/p.json"] }, spec: { seccomp_profile_path: "/etc/p.json", ...noted("seccomp", "/etc/p.json") } },
  {
    config: { security_opt: ["seccomp=local/p.json"] },
    spec: { seccomp_profile_path: "/alloc-dir/web/local/p.json", ...noted("seccomp", "/alloc-dir/web/local/p.json") },
  },
  { config: { security_opt: ["apparmor=mine"] }, spec: { apparmor_profile: "mine", ...noted("apparmor", "mine") } },
  { config: { apparmor_profile: "unconfined" }, spec: { apparmor_profile: "unconfined", ...noted("apparmor", "unconfined") } },
  {
    config: { apparmor_profile: "mine", security_opt: ["apparmor=mine"] },
    spec: { apparmor_profile: "mine", ...noted("apparmor", "mine") },
  },
  { config: { security_opt: ["label=disable"] }, spec: { selinux_opts: ["disable"], ...noted("label", "disable") } },
  {
    config: { selinux_opts: ["type:a_t"], security_opt: ["label:level:s0:c1,c2"] },
    spec: { selinux_opts: ["type:a_t", "level:s0:c1,c2"], ...noted("label", "type:a_t,label=level:s0:c1,c2") },
  },
  { config: { security_opt: ["label=nested"] }, spec: { label_nested: true } },
  { config: { security_opt: ["no-new-privileges", "no-new-privileges:true"] }, spec: { no_new_privileges: true } },
  { config: { security_opt: ["mask=/proc/a:/proc/b", "mask=/proc/c"] }, spec: { mask: ["/proc/a", "/proc/b", "/proc/c"] } },
  { config: { security_opt: ["unmask=ALL"] }, spec: { unmask: ["ALL"] } },
  { config: { security_opt: ["unmask=/proc/a:/sys/b"] }, spec: { unmask: ["/proc/a", "/sys/b"] } },
  { config: { security_opt: ["systempaths=unconfined"] }, spec: { unmask: ["ALL"] } },
  { config: { security_opt: ["proc-opts=hidepid=2,gid=5"] }, spec: { procfs_opts: ["hidepid=2", "gid=5"] } },
  { config: { group_add: ["1000", "app", "1000", ""] }, spec: { groups: ["1000", "app"] } },
  { config: { group_add: ["keep-groups"] }, spec: { annotations: { "run.oci.keep_original_groups": "1" } } },
  {
    config: { annotations: [{ a: "b" }], security_opt: ["label=disable"] },
    spec: { selinux_opts: ["disable"], annotations: { a: "b", "io.podman.annotations.label": "disable" } },
  },
];

describe("security options", () => {
  for (const { config, spec } of rows) {
    test(`${JSON.stringify(config)} becomes ${JSON.stringify(spec)}`, () => assert.deepEqual(changesOf(config), spec));
  }

  const mistakes: readonly { readonly config: HclRecord; readonly says: RegExp }[] = [
    { config: { security_opt: ["no-new-privileges=yes"] }, says: /^security_opt > .*"no-new-privileges=yes" is neither true nor false/ },
    {
      config: { security_opt: ["no-new-privileges", "no-new-privileges=false"] },
      says: /"no-new-privileges=false" contradicts an earlier entry; keep one no-new-privileges/,
    },
    { config: { security_opt: ["seccomp=unconfined", "seccomp=/a"] }, says: /"seccomp=\/a" contradicts an earlier entry/ },
    { config: { security_opt: ["apparmor=a", "apparmor:b"] }, says: /"apparmor:b" contradicts an earlier entry/ },
    { config: { group_add: ["2147483648"] }, says: /^group_add > .*"2147483648" is no id of a group; write 0 to 2147483647, or a name/ },
    { config: { group_add: ["-1"] }, says: /"-1" is no id of a group/ },
    { config: { security_opt: ["nonsense"] }, says: /"nonsense" is no security option; write one of no-new-privileges, label, apparmor/ },
    { config: { security_opt: ["constructor=x"] }, says: /"constructor=x" is no security option/ },
    { config: { security_opt: ["seccomp="] }, says: /names no profile/ },
    { config: { security_opt: ["apparmor:"] }, says: /names no profile/ },
    { config: { security_opt: ["label=off"] }, says: /"label=off" is no SELinux option/ },
    { config: { selinux_opts: ["spc_t"] }, says: /^selinux_opts > .*"spc_t" is no SELinux option; write disable, nested, or user:/ },
    { config: { security_opt: ["mask=proc/a"] }, says: /has a path that is not absolute/ },
    { config: { security_opt: ["unmask="] }, says: /has a path that is not absolute/ },
    { config: { security_opt: ["systempaths=on"] }, says: /is no option of systempaths/ },
    { config: { apparmor_profile: "a", security_opt: ["apparmor=b"] }, says: /^apparmor_profile > .*"a" is not the b of security_opt/ },
    { config: { group_add: ["keep-groups", "1000"] }, says: /^group_add > .*\["1000"\] has no effect beside keep-groups/ },
    { config: { annotations: [{ "io.podman.annotations.seccomp": "unconfined" }] }, says: /^annotations > .* is Podman's own note/ },
    { config: { annotations: [{ "run.oci.keep_original_groups": "1" }] }, says: /write group_add = \["keep-groups"\]/ },
    { config: { runtime: "crun", oci_runtime: "runc" }, says: /^oci_runtime > .*says the same as runtime/ },
  ];
  for (const { config, says } of mistakes) {
    test(`${JSON.stringify(config)} is refused`, () => {
      const found = mistakesOf({ config });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
    });
  }

  for (const [config, says] of [
    [{ selinux_opts: ["type:a_t"] }, /"type:a_t" needs SELinux, and this host has none/],
    [{ apparmor_profile: "mine" }, /"mine" needs AppArmor, and this host has none/],
    [{ security_opt: ["label=nested"] }, /"label=nested" needs Podman 5\.0, and 4\.3\.1 runs;/],
    [{ runtime: "kata" }, /config key runtime: "kata" needs Podman 6\.0, and 4\.3\.1 runs, which has runc run every container/],
    [{ oci_runtime: "/usr/bin/kata" }, /"\/usr\/bin\/kata" is a path, and Podman takes names alone/],
  ] as const) {
    test(`${JSON.stringify(config)} is refused where the host cannot do it`, () => assert.throws(() => planOf({ config }), says));
  }

  test("what turns a protection off is no wish for one", () => {
    assert.doesNotThrow(() => planOf({ config: { security_opt: ["label=disable", "apparmor=unconfined"] } }));
  });
});

test("a task's owner is told where the service's groups are not kept", () => {
  const find = planOf({ config: { group_add: ["keep-groups"] } }).findShortfalls ?? assert.fail("nobody looks");
  const found = ["crun", "/usr/bin/crun", "runc"].map((ociRuntime) => find({ ociRuntime } as Parameters<typeof find>[0]));
  assert.deepEqual(
    found.map((shortfalls) => shortfalls.map(({ key, isFatal }) => ({ key, isFatal }))),
    [[], [], [{ key: "group_add", isFatal: false }]],
  );
});
