import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf, planOf } from "../../../test/plan-of.ts";
import type { Need } from "../topic.ts";

type Storage = Pick<ContainerSpec, "mounts" | "volumes" | "overlay_volumes" | "image_volumes">;

interface Planned extends Storage {
  readonly needs?: readonly Need[];
}

/** What one mount block adds to the allocation's three folders and to the image. */
function plannedOf(mount: HclRecord, more: HclRecord = {}): Planned {
  const { spec, needs } = planOf({ config: { mount: [mount], ...more } });
  const { mounts = [], volumes, overlay_volumes, image_volumes } = spec;
  const own = needs.filter(({ kind }) => kind === "volume" || kind === "mount-image");
  return {
    ...(mounts.length > 3 && { mounts: mounts.slice(3) }),
    ...(volumes !== undefined && { volumes }),
    ...(overlay_volumes !== undefined && { overlay_volumes }),
    ...(image_volumes !== undefined && { image_volumes }),
    ...(own.length > 0 && { needs: own }),
  };
}

const made = { kind: "volume", key: "mount[0]", value: "v:/x", name: "v", driver: "", labels: {}, options: {} } as const;
const mountOf = (volumeOptions: HclRecord): HclRecord => ({ source: "v", target: "/x", volume_options: volumeOptions });

describe("a mount block", () => {
  const rows: readonly { readonly mount: HclRecord; readonly more?: HclRecord; readonly planned: Planned }[] = [
    { mount: { target: "/x" }, planned: { volumes: [{ Dest: "/x", Options: [] }] } },
    {
      mount: { type: "volume", source: "v", target: "/x", readonly: true },
      planned: { volumes: [{ Name: "v", Dest: "/x", Options: ["ro"] }] },
    },
    { mount: mountOf({ no_copy: true }), planned: { volumes: [{ Name: "v", Dest: "/x", Options: ["nocopy"] }] } },
    {
      mount: mountOf({ labels: [{ a: "1" }, { b: "2" }] }),
      planned: { volumes: [{ Name: "v", Dest: "/x", Options: [] }], needs: [{ ...made, labels: { a: "1", b: "2" } }] },
    },
    {
      mount: mountOf({ driver_config: { name: "local", options: [{ type: "tmpfs", device: "tmpfs" }] } }),
      planned: {
        volumes: [{ Name: "v", Dest: "/x", Options: [] }],
        needs: [{ ...made, driver: "local", options: { type: "tmpfs", device: "tmpfs" } }],
      },
    },
    { mount: mountOf({ subpath: "" }), planned: { volumes: [{ Name: "v", Dest: "/x", Options: [] }] } },
    {
      mount: mountOf({}),
      more: { volume_driver: "flocker" },
      planned: { volumes: [{ Name: "v", Dest: "/x", Options: [] }], needs: [{ ...made, driver: "flocker" }] },
    },
    { mount: { target: "/x", volume_options: {} }, more: { volume_driver: "" }, planned: { volumes: [{ Dest: "/x", Options: [] }] } },
    {
      mount: { type: "bind", source: "local/x", target: "/x" },
      planned: { mounts: [{ type: "bind", source: "/alloc-dir/web/local/x", destination: "/x", options: ["rbind"] }] },
    },
    {
      mount: { type: "bind", source: "/a", target: "/x", readonly: true, bind_options: { propagation: "rslave" }, options: ["noexec"] },
      planned: { mounts: [{ type: "bind", source: "/a", destination: "/x", options: ["rbind", "noexec", "ro", "rslave"] }] },
    },
    {
      mount: { type: "bind", source: "/a", target: "/x", bind_options: { propagation: "" } },
      planned: { mounts: [{ type: "bind", source: "/a", destination: "/x", options: ["rbind"] }] },
    },
    {
      mount: { type: "bind", source: "/a", target: "/x", options: ["O"] },
      planned: { overlay_volumes: [{ source: "/a", destination: "/x", options: [] }] },
    },
    { mount: { type: "tmpfs", target: "/x" }, planned: { mounts: [{ type: "tmpfs", source: "tmpfs", destination: "/x", options: [] }] } },
    {
      mount: { type: "tmpfs", target: "/x", tmpfs_options: { size: 0, mode: 0 } },
      planned: { mounts: [{ type: "tmpfs", source: "tmpfs", destination: "/x", options: [] }] },
    },
    {
      mount: { type: "tmpfs", target: "/x", tmpfs_options: { size: 1_000_000, mode: 511 }, options: ["noexec"] },
      planned: { mounts: [{ type: "tmpfs", source: "tmpfs", destination: "/x", options: ["noexec", "size=1000000", "mode=777"] }] },
    },
    {
      mount: { type: "image", source: "busybox", target: "/x" },
      planned: {
        image_volumes: [{ Source: "busybox", Destination: "/x", ReadWrite: false }],
        needs: [{ kind: "mount-image", key: "mount[0]", reference: "busybox" }],
      },
    },
    {
      mount: { type: "image", source: "busybox", target: "/x", options: ["rw"] },
      planned: {
        image_volumes: [{ Source: "busybox", Destination: "/x", ReadWrite: true }],
        needs: [{ kind: "mount-image", key: "mount[0]", reference: "busybox" }],
      },
    },
  ];
  for (const { mount, more, planned } of rows) {
    test(`${JSON.stringify(mount)} ${JSON.stringify(more ?? {})} is mounted`, () => assert.deepEqual(plannedOf(mount, more), planned));
  }

  const mistakes: readonly (readonly [HclRecord, RegExp])[] = [
    [{}, /^mount\[0\]\.target > config key mount\[0\]\.target: is not set; name the place/],
    [{ target: "/x", type: "npipe" }, /^mount\[0\]\.type > .* "npipe" is no type of mount; volume, bind, tmpfs or image/],
    [{ target: "x" }, /^mount\[0\]\.target > .*\.target: "x" is no absolute path; name the place inside the container, e\.g\. \/data$/],
    [{ target: "/x", type: "bind" }, /^mount\[0\]\.source > .* is not set; a bind needs a path/],
    [{ target: "/x", type: "image" }, /^mount\[0\]\.source > .* is not set; name the image/],
    [{ target: "/x", type: "tmpfs", source: "s" }, /^mount\[0\]\.source > .* "s" has no meaning for a tmpfs/],
    [
      { target: "/x", type: "bind", source: "/a", tmpfs_options: { size: 5 } },
      /^mount\[0\]\.tmpfs_options > .* is for mounts of the type tmpfs, and this one is of the type bind/,
    ],
    [{ target: "/x", bind_options: { propagation: "slave" } }, /^mount\[0\]\.bind_options > /],
    [
      { target: "/x", type: "bind", source: "/a", bind_options: { propagation: "sideways" } },
      /^mount\[0\]\.bind_options\.propagation > .*"sideways" is no mount propagation; private, .* or runbindable would be right$/,
    ],
    [
      { target: "/x", volume_options: { driver_config: { name: "nfs" } } },
      /^mount\[0\]\.source > .* a volume with a driver, labels or options needs a name/,
    ],
    [
      { target: "/x", volume_options: { subpath: "a" } },
      /^mount\[0\]\.volume_options\.subpath > .*"a" is for a volume with a name, as any other is empty; set source$/,
    ],
    [
      mountOf({ subpath: "/a" }),
      /^mount\[0\]\.volume_options\.subpath > .*"\/a" is no path within the volume; write it from the volume's folder, e\.g\. sites\/blue$/,
    ],
    [mountOf({ subpath: "a/../../b" }), /"a\/..\/..\/b" is no path within the volume/],
    [{ target: "/x", source: "/host/path" }, /has the volume name "\/host\/path", which Podman does not take/],
    [{ target: "/x", type: "image", source: "i", options: ["Z"] }, /has the mount option Z, which is not for an image/],
    [{ target: "/x", type: "image", source: "i", options: ["rw"], readonly: true }, /has both ro and rw/],
  ];
  for (const [mount, message] of mistakes) {
    test(`${JSON.stringify(mount)} is refused`, () => {
      const found = mistakesOf({ config: { mount: [mount] } });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", message);
    });
  }

  test("is the same under mounts, with its own key", () => {
    assert.match(
      mistakesOf({ config: { mounts: [{ target: "/x" }, { target: "/x" }] } })[0] ?? "",
      /^mounts\[1\] > .* is mounted at \/x, where mounts\[0\] is already/,
    );
  });
});

describe("a part of a volume", () => {
  const config = { mount: [mountOf({ subpath: "sites/blue" })] };

  test("is asked for where Podman knows it, and refused where it would mount the whole volume", () => {
    const { spec, explain } = planOf({ config, facts: { version: "5.0.3" } });
    assert.deepEqual(spec.volumes, [{ Name: "v", Dest: "/x", Options: [], SubPath: "sites/blue" }]);
    const { text } = explain("no such file or directory no such file or directory") ?? {};
    assert.equal(text, 'the task\'s config has mount[0].volume_options.subpath = "sites/blue", which must be in the volume already');
    const newer = "securejoin.OpenInRoot sites/blue: openat2 /v/_data/sites/blue: no such file or directory no such file or directory";
    assert.equal(explain(newer)?.text, text);
    assert.equal(explain("statfs /a: no such file or directory"), undefined);
    assert.throws(() => planOf({ config, facts: { version: "4.9.4" } }), {
      code: "unsupported",
      message:
        /^config key mount\[0\]\.volume_options\.subpath: "sites\/blue" needs Podman 5\.0, and 4\.9\.4 runs, which would .* whole volume/,
    });
  });

  test("is nothing that other failures are explained by", () => assert.equal(planOf().explain("no such file or directory"), undefined));
});

test("the options of a volume's driver, which can hold a password, are not kept with the task", () => {
  const mount = [mountOf({ labels: [{ a: "b" }], driver_config: { name: "local", options: [{ type: "cifs", o: "password=geheim" }] } })];
  const { kept } = decodedOf({ config: { mount, mounts: mount.map((one) => ({ ...one, target: "/y" })) } });
  assert.match(JSON.stringify(kept), /"a":"b".*"a":"b"/);
  assert.doesNotMatch(JSON.stringify(kept), /geheim/);
});
