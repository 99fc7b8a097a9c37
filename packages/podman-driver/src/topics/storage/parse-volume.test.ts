import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

type Storage = Pick<ContainerSpec, "mounts" | "volumes" | "overlay_volumes">;

/** What a config adds to the allocation's three folders. */
function storageOf(config: HclRecord, more: Wishes = {}): Storage {
  const { mounts = [], volumes, overlay_volumes } = specOf({ ...more, config });
  return {
    ...(mounts.length > 3 && { mounts: mounts.slice(3) }),
    ...(volumes !== undefined && { volumes }),
    ...(overlay_volumes !== undefined && { overlay_volumes }),
  };
}

const bind = (source: string, destination: string, options: readonly string[] = ["rbind"]): Storage => ({
  mounts: [{ type: "bind", source, destination, options }],
});

describe("volumes", () => {
  const rows: readonly { readonly text: string; readonly driver?: string; readonly storage: Storage }[] = [
    { text: "/srv/data:/data", storage: bind("/srv/data", "/data") },
    { text: "/srv/../srv/data/:/data/", storage: bind("/srv/data", "/data") },
    { text: "/srv/data:/data:", storage: bind("/srv/data", "/data") },
    { text: "local/x:/x:ro", storage: bind("/alloc-dir/web/local/x", "/x", ["rbind", "ro"]) },
    { text: "../alloc/data:/x", storage: bind("/alloc-dir/alloc/data", "/x") },
    { text: "data:/x", storage: bind("/alloc-dir/web/data", "/x") },
    { text: ".:/x", storage: bind("/alloc-dir/web", "/x") },
    { text: "/a:/b:ro,rslave", storage: bind("/a", "/b", ["rbind", "ro", "rslave"]) },
    { text: "/a:/b:noexec,nosuid,nodev,Z,", storage: bind("/a", "/b", ["rbind", "noexec", "nosuid", "nodev", "Z"]) },
    { text: "/a:/b:exec,suid,dev,z,rw,U", storage: bind("/a", "/b", ["rbind", "exec", "suid", "dev", "z", "rw", "U"]) },
    { text: "/a:/b:bind,shared", storage: bind("/a", "/b", ["bind", "shared"]) },
    { text: "/a:/b:ro,cached", storage: bind("/a", "/b", ["rbind", "ro", "consistency=cached"]) },
    { text: "/a:/b:delegated", storage: bind("/a", "/b", ["rbind", "consistency=delegated"]) },
    { text: "/a:/b:idmap", storage: bind("/a", "/b", ["rbind", "idmap"]) },
    { text: "/a:/b:idmap=uids=0-1000-1", storage: bind("/a", "/b", ["rbind", "idmap=uids=0-1000-1"]) },
    { text: "/a:/b:O", storage: { overlay_volumes: [{ source: "/a", destination: "/b", options: [] }] } },
    {
      text: "/a:/b:O,U,upperdir=/u,workdir=/w",
      storage: { overlay_volumes: [{ source: "/a", destination: "/b", options: ["U", "upperdir=/u", "workdir=/w"] }] },
    },
    { text: "/cache", storage: { volumes: [{ Dest: "/cache", Options: [] }] } },
    { text: "data:/x:nocopy,ro", driver: "local", storage: { volumes: [{ Name: "data", Dest: "/x", Options: ["nocopy", "ro"] }] } },
    { text: "./data:/x", driver: "local", storage: bind("/alloc-dir/web/data", "/x") },
    { text: "..:/x", driver: "local", storage: bind("/alloc-dir", "/x") },
    { text: "/a:/x", driver: "local", storage: bind("/a", "/x") },
  ];
  for (const { text, driver, storage } of rows) {
    test(`mounts ${text}${driver === undefined ? "" : ` with volume_driver ${driver}`}`, () =>
      assert.deepEqual(storageOf({ volumes: [text], volume_driver: driver ?? "" }), storage));
  }

  test("come in their order, behind Nomad's own", () => {
    const mounts = [{ taskPath: "/nomad", hostPath: "/host", readonly: false, propagationMode: "", selinuxLabel: "", requestName: "" }];
    const { mounts: planned } = storageOf({ volumes: ["/b:/1", "/a:/2"] }, { task: { mounts } });
    assert.deepEqual(planned?.map(({ destination }) => destination), ["/nomad", "/1", "/2"]);
  });

  const mistakes: Readonly<Record<string, RegExp>> = {
    "": /volumes\[0\]: "" is no volume/,
    "/a:/b:ro:x": /is no volume; source:destination\[:options\] would be right/,
    ":/b": /is no volume/,
    "/a:": /is no volume/,
    "/a:b": /has the destination "b", which is no absolute path/,
    "data": /has the destination "data", which is no absolute path/,
    "/a:/": /would cover all of the container/,
    "/a:/x/..": /would cover all of the container/,
    "/a:/local": /is mounted at \/local, where Nomad's own mount is already/,
    "/a:/b:wat": /has the unknown mount option "wat"; known for a bind are ro, rw, exec,/,
    "/a:/b:size=1m": /has the mount option size=1m, which is not for a bind; it is for a tmpfs/,
    "/a:/b:nocopy": /not for a bind; it is for a volume/,
    "/a:/b:ro,rw": /has both ro and rw/,
    "/a:/b:ro,ro": /has both ro and ro/,
    "/a:/b:rslave,shared": /has both rslave and shared/,
    "/a:/b:z,Z": /has both z and Z/,
    "/a:/b:ro=1": /takes no value/,
    "/a:/b:idmap=": /idmap=, whose value is wrong/,
    "/a:/b:O,ro": /ro, which is not for an overlay \(O\)/,
    "/a:/b:O,upperdir=/u": /has one of upperdir and workdir/,
    "/a:/b:O,upperdir=u,workdir=/w": /upperdir=u, whose value is wrong; an absolute path/,
  };
  for (const [text, message] of Object.entries(mistakes)) {
    test(`refuse ${JSON.stringify(text)}`, () => {
      const found = mistakesOf({ config: { volumes: [text] } });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", message);
    });
  }

  test("refuse a volume's name that Podman does not take", () => {
    assert.match(mistakesOf({ config: { volumes: ["a b:/x"], volume_driver: "local" } })[0] ?? "", /has the volume name "a b"/);
    const name = "v".repeat(256);
    assert.match(mistakesOf({ config: { volumes: [`${name}:/x`], volume_driver: "local" } })[0] ?? "", /use up to 255 letters/);
    assert.deepEqual(mistakesOf({ config: { volumes: [`${name.slice(1)}:/x`], volume_driver: "local" } }), []);
  });

  test("take no place twice, whichever key asks for it", () => {
    const config = { volumes: ["/a:/x", "/b:/x/"], tmpfs: ["/x"] };
    assert.deepEqual(mistakesOf({ config }), [
      'volumes[1] > config key volumes[1]: "/b:/x/" is mounted at /x, where volumes[0] is already; give it a place of its own',
      'tmpfs[0] > config key tmpfs[0]: "/x" is mounted at /x, where volumes[1] is already; give it a place of its own',
    ]);
  });

  test("refuse an option that this Podman does not know, and say which does", () => {
    const given = { config: { volumes: ["/a:/b:no-dereference"] } };
    assert.throws(() => planOf(given), {
      code: "unsupported",
      message:
        'config key volumes[0]: "/a:/b:no-dereference" has the option no-dereference, which needs Podman 5.0, and 4.3.1 runs; ' +
          'leave it out, or update Podman',
    });
    assert.doesNotThrow(() => planOf({ ...given, facts: { version: "5.4.2" } }));
  });

  test("refuse U on a volume where Podman would leave the owner as it is", () => {
    const given = { config: { volumes: ["v:/b:U"], volume_driver: "local" } };
    assert.throws(() => planOf(given), { code: "unsupported", message: /the option U, which needs Podman 5\.0/ });
    assert.deepEqual(specOf({ ...given, facts: { version: "5.0.0" } }).volumes, [{ Name: "v", Dest: "/b", Options: ["U"] }]);
  });

  test("note the host paths they ask for", () => {
    const paths = decodedOf({ config: { volumes: ["/a:/1", "x:/2", "/c:/3:O,upperdir=/u,workdir=/w", "/cache"] } }).wishes.flatMap(
      (wish) => (wish.kind === "bind" ? [wish.hostPath] : []),
    );
    assert.deepEqual(paths, ["/a", "/alloc-dir/web/x", "/c", "/u", "/w"]);
  });
});

describe("tmpfs", () => {
  const tmpfs = (destination: string, options: readonly string[] = []): Storage => ({
    mounts: [{ type: "tmpfs", source: "tmpfs", destination, options }],
  });
  const rows: Readonly<Record<string, Storage>> = {
    "/t": tmpfs("/t"),
    "/t:size=64m,mode=1777": tmpfs("/t", ["size=64m", "mode=1777"]),
    "/t:size=10%,ro,noexec,notmpcopyup,U": tmpfs("/t", ["size=10%", "ro", "noexec", "notmpcopyup", "U"]),
  };
  for (const [text, storage] of Object.entries(rows)) test(`mounts ${text}`, () => assert.deepEqual(storageOf({ tmpfs: [text] }), storage));

  const mistakes: Readonly<Record<string, RegExp>> = {
    "": /has the destination "", which is no absolute path/,
    "t": /no absolute path/,
    "/t:size=big": /size=big, whose value is wrong; a size such as 64m or 10%/,
    "/t:size": /size, whose value is wrong/,
    "/t:mode=rwx": /octal digits such as 1777/,
    "/t:Z": /Z, which is not for a tmpfs; it is for a bind or a volume/,
    "/t:uid=5": /unknown mount option "uid=5"/,
  };
  for (const [text, message] of Object.entries(mistakes)) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.match(mistakesOf({ config: { tmpfs: [text] } }).join("\n"), message));
  }
});
