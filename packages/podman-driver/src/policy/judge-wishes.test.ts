import assert from "node:assert/strict";
import { test } from "node:test";
import { openPolicy } from "../config/operator-policy.ts";
import type { VolumePolicy } from "../config/resolve-volume-policy.ts";
import type { Wish } from "../topics/wish.ts";
import { mistakesOf, planOf } from "../../test/plan-of.ts";
import { judgeWishes } from "./judge-wishes.ts";

const open: VolumePolicy = { isEnabled: true, allowedPaths: [] };
const disabled: VolumePolicy = { isEnabled: false, allowedPaths: [] };
const narrow: VolumePolicy = { isEnabled: true, allowedPaths: ["/srv", "/etc/ssl"] };

const bind = (hostPath: string): Wish => ({ kind: "bind", key: "volumes[0]", value: `${hostPath}:/x`, hostPath });
const volume: Wish = { kind: "volume", key: "mount[0]", value: "data:/x", name: "data" };

const rows: readonly { readonly wish: Wish; readonly open: boolean; readonly disabled: boolean; readonly narrow: boolean }[] = [
  { wish: bind("/alloc-dir"), open: true, disabled: true, narrow: true },
  { wish: bind("/alloc-dir/web/local"), open: true, disabled: true, narrow: true },
  { wish: bind("/alloc-dir/..data"), open: true, disabled: true, narrow: true },
  { wish: bind("/alloc-dir2"), open: true, disabled: false, narrow: false },
  { wish: bind("/"), open: true, disabled: false, narrow: false },
  { wish: bind("/srv"), open: true, disabled: false, narrow: true },
  { wish: bind("/srv/a/b"), open: true, disabled: false, narrow: true },
  { wish: bind("/srv2"), open: true, disabled: false, narrow: false },
  { wish: bind("/etc"), open: true, disabled: false, narrow: false },
  { wish: bind("/etc/ssl/certs"), open: true, disabled: false, narrow: true },
  { wish: { ...bind("/alloc-dir/web/local"), isInside: true } as Wish, open: true, disabled: true, narrow: true },
  { wish: { ...bind("/srv"), isInside: true } as Wish, open: false, disabled: false, narrow: false },
  { wish: volume, open: true, disabled: false, narrow: true },
  { wish: { kind: "socket", key: "socket", name: "x" }, open: true, disabled: true, narrow: true },
];
const policies = { open, disabled, narrow };
for (const { wish, ...allowed } of rows) {
  for (const [name, isAllowed] of Object.entries(allowed)) {
    test(`${isAllowed ? "allows" : "forbids"} ${JSON.stringify(wish)} where volumes are ${name}`, () => {
      const refusals = judgeWishes([wish], {
        policy: { ...openPolicy, volumes: policies[name as keyof typeof policies] },
        allocDir: "/alloc-dir",
      });
      assert.equal(refusals.length, isAllowed ? 0 : 1);
    });
  }
}

test("allows everything below / where / is allowed", () => {
  assert.deepEqual(
    judgeWishes([bind("/etc")], { policy: { ...openPolicy, volumes: { isEnabled: true, allowedPaths: ["/"] } }, allocDir: "/alloc-dir" }),
    [],
  );
});

const settings = (volumes: VolumePolicy): object => ({ settings: { policy: { ...openPolicy, volumes } } });

test("says which key asks, for what, and which option would allow it", () => {
  assert.deepEqual(mistakesOf({ config: { volumes: ["/etc:/x"] }, ...settings(disabled) }), [
    "volumes[0] > config key volumes[0]: \"/etc:/x\" asks for /etc, outside the allocation's folder, and this client's plugin " +
      "config has volumes.enabled = false; use a path in the task's folder, or have the operator enable volumes",
  ]);
  assert.deepEqual(mistakesOf({ config: { volumes: ["../../x:/x"] }, ...settings(narrow) }), [
    'volumes[0] > config key volumes[0]: "../../x:/x" asks for /x, outside the allocation\'s folder, and this client allows ' +
      '/srv, /etc/ssl alone; use one of these, or have the operator add it to volumes.allowed_paths',
  ]);
});

const disguised: Readonly<Record<string, readonly [options: Record<string, string>, isAllowed: boolean]>> = {
  "a bind": [{ type: "none", o: "bind", device: "/etc" }, false],
  "a bind by a relative path": [{ o: "bind", device: "etc" }, false],
  "a disk": [{ type: "ext4", device: "/dev/sda1" }, false],
  "a bind of an allowed path": [{ type: "none", o: "bind", device: "/srv" }, true],
  "a bind of what is in an allowed path, where a task may put a link": [{ type: "none", o: "bind", device: "/srv/x" }, false],
  "a network share": [{ type: "nfs", device: ":/export", o: "addr=192.0.2.1" }, true],
  "memory": [{ type: "tmpfs", device: "tmpfs" }, true],
};
for (const [what, [options, isAllowed]] of Object.entries(disguised)) {
  test(`${isAllowed ? "allows" : "forbids"} a volume that is ${what} where paths are allowed one by one`, () => {
    const mount = [{ source: "v", target: "/x", volume_options: { driver_config: { options: [options] } } }];
    assert.equal(mistakesOf({ config: { mount }, ...settings(narrow) }).length, isAllowed ? 0 : 1);
  });
}

test("has the paths looked at that are judged, and those in the allocation's folder", () => {
  const pathsOf = (volumes: VolumePolicy): readonly unknown[] =>
    planOf({ config: { volumes: ["/srv/a:/a", "x:/x"] }, ...settings(volumes) }).needs.flatMap((need) =>
      need.kind === "path" ? [[need.wish.hostPath, need.isJudged]] : [],
    );
  assert.deepEqual(pathsOf(open), [["/alloc-dir/web/x", false]]);
  assert.deepEqual(pathsOf(narrow), [["/srv/a", true], ["/alloc-dir/web/x", true]]);
});

const deviceRows: readonly (readonly [device: string, globs: readonly string[], isAllowed: boolean])[] = [
  ["/dev/fuse", [], true],
  ["/dev/fuse", ["/dev/fuse"], true],
  ["/dev/fuse", ["/dev/fus"], false],
  ["/dev/dri/card0", ["/dev/dri/*"], true],
  ["/dev/dri/card0", ["/dev/*"], false],
  ["/dev/dri", ["/dev/dri/*"], false],
  ["/dev/ttyUSB0", ["/dev/snd", "/dev/ttyUSB*"], true],
  ["/dev/ttyUSB0", ["/dev/tty...0"], false],
  ["nvidia.com/gpu=0", ["nvidia.com/gpu=*"], true],
  ["nvidia.com/gpu=0", ["/dev/*"], false],
  ["nvidia.com/gpu=all", ["nvidia.com/gpu=0"], false],
];
for (const [device, globs, isAllowed] of deviceRows) {
  test(`${isAllowed ? "allows" : "forbids"} the device ${device} with allow_devices ${JSON.stringify(globs)}`, () => {
    const found = mistakesOf({ config: { devices: [device] }, settings: { policy: { ...openPolicy, allowedDevices: globs } } });
    const message =
      `devices[0] > config key devices[0]: "${device}" asks for ${device}, and this client allows ${globs.join(", ")} alone; use ` +
      "one of these, or have the operator add it to allow_devices";
    assert.deepEqual(found, isAllowed ? [] : [message]);
  });
}

for (const [volume, isAllowed] of [
  ["/srv:/x:O", true],
  ["/srv/a:/x:O", false],
  ["local/a:/x:O", false],
  ["/srv:/x:O,upperdir=/srv/a,workdir=/etc/ssl", false],
] as const) {
  test(`${isAllowed ? "allows" : "forbids"} the overlay ${volume} where paths are allowed one by one`, () => {
    assert.equal(mistakesOf({ config: { volumes: [volume] }, ...settings(narrow) }).length, isAllowed ? 0 : 1);
    assert.deepEqual(mistakesOf({ config: { volumes: [volume] } }), []);
  });
}
