import assert from "node:assert/strict";
import { chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { owns, ownsProcess, readContainerOwner, readEngineOwner, readProcessOwner, type EngineOwner } from "./engine-owner.ts";

const user: EngineOwner = { uid: 1000, ruledIds: [] };
const root: EngineOwner = { uid: 0, ruledIds: [] };

test("is the engine of whom its socket belongs to", () => {
  using host = new HostFixture();
  const socket = join(host.root, "socket");
  writeFileSync(socket, "");
  chownSync(socket, user.uid, user.uid);
  assert.deepEqual(readEngineOwner(host, socket, undefined), user);
  assert.throws(() => readEngineOwner(host, join(host.root, "gone"), undefined), { code: "ENOENT" });
});

test("is the engine of whom a part of the way to its socket belongs to, whatever that leads to", () => {
  using host = new HostFixture();
  const at = (path: string): string => join(host.root, path);
  writeFileSync(at("roots"), "");
  mkdirSync(at("his"));
  symlinkSync(at("roots"), at("his/socket"));
  lchownSync(at("his/socket"), 0, 0);
  symlinkSync("his", at("way"));
  symlinkSync("roots", at("link"));
  assert.deepEqual(readEngineOwner(host, at("way/socket"), undefined), root);
  assert.deepEqual(readEngineOwner(host, at("link"), undefined), root);
  chownSync(at("his"), user.uid, user.uid);
  assert.deepEqual(readEngineOwner(host, at("his/socket"), undefined), user);
  assert.deepEqual(readEngineOwner(host, at("way/socket"), undefined), user);
  symlinkSync("circle", at("circle"));
  assert.throws(() => readEngineOwner(host, at("circle"), undefined), /leads through more than 40 links/);
});

test("root's engine has all ids, also once the conmon is gone, and nobody else's has", () => {
  using host = new HostFixture();
  const socket = join(host.root, "socket");
  writeFileSync(socket, "");
  host.write("proc/self/uid_map", "         0          0 4294967295\n");
  const gone = { pid: 41, startTicks: "1000" };
  for (const conmon of [undefined, gone]) {
    assert.deepEqual(readEngineOwner(host, socket, conmon), { uid: 0, ruledIds: [[0, 4_294_967_295]] });
  }
  chownSync(socket, user.uid, user.uid);
  for (const conmon of [undefined, gone]) assert.deepEqual(readEngineOwner(host, socket, conmon), user);
});

test("believes the kernel's word for the ids that a conmon's user rules over, if he is the engine's", () => {
  using host = new HostFixture();
  const socket = join(host.root, "socket");
  writeFileSync(socket, "");
  const conmon = { pid: 41, startTicks: "1000" };
  const ruled = ({
    socketOf,
    conmonOf,
    map,
  }: {
    readonly socketOf: number;
    readonly conmonOf: number;
    readonly map: string;
  }): EngineOwner => {
    host.addProcess({ pid: 41 });
    host.write("proc/41/uid_map", map);
    chownSync(join(host.procDir, "41"), conmonOf, conmonOf);
    chownSync(socket, socketOf, socketOf);
    return readEngineOwner(host, socket, conmon);
  };
  const rootless = "         0       1000          1\n         1     100000      65536\n";
  const everybody = "         0          0 4294967295\n";
  assert.deepEqual(ruled({ socketOf: 1000, conmonOf: 1000, map: rootless }), { uid: 1000, ruledIds: [[1000, 1], [100_000, 65_536]] });
  assert.deepEqual(ruled({ socketOf: 0, conmonOf: 0, map: everybody }), { uid: 0, ruledIds: [[0, 4_294_967_295]] });
  // An ordinary process of his, in the host's own namespace; a setuid program that he has started; somebody else's.
  assert.deepEqual(ruled({ socketOf: 1000, conmonOf: 1000, map: everybody }), user);
  assert.deepEqual(ruled({ socketOf: 1000, conmonOf: 0, map: everybody }), user);
  assert.deepEqual(ruled({ socketOf: 1000, conmonOf: 1001, map: rootless }), user);
  assert.deepEqual(ruled({ socketOf: 1000, conmonOf: 1000, map: "nonsense\n" }), user);
  host.removeProcess(41);
  assert.equal(readProcessOwner(host, 41), undefined);
  assert.deepEqual(readEngineOwner(host, socket, conmon), user);
});

for (const [what, subuid, ruledIds] of [
  ["by his name", "ann:100000:65536\n", [[100_000, 65_536]]],
  ["by his id, in several ranges", "1000:100000:65536\nbob:165536:65536\n1000:300000:10\n", [[100_000, 65_536], [300_000, 10]]],
  ["by another of his names", "annie:231072:65536\n", [[231_072, 65_536]]],
  ["to another user", "bob:165536:65536\n1001:300000:10\n", []],
  ["in no words that can be read", "ann:x:65536\nann:5\n:1:2\n# ann:100000:65536\n", []],
] as const) {
  test(`a user rules over the ids that the administrator has given ${what}, once no conmon shows them`, () => {
    using host = new HostFixture();
    host.giveSocketTo(user.uid);
    host.write(
      "etc/passwd",
      "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1000::/:/bin/sh\nannie:x:1000:1000::/:/bin/sh\n",
    );
    host.write("etc/subuid", subuid);
    for (const conmon of [undefined, { pid: 41, startTicks: "1000" }]) {
      assert.deepEqual(readEngineOwner(host, host.socketPath, conmon), { uid: 1000, ruledIds });
    }
    host.giveSocketTo(0);
    assert.deepEqual(readEngineOwner(host, host.socketPath, undefined), root);
  });
}

test("is the engine of whom a container's conmon belongs to while the socket is away, and of nobody without one that lives", () => {
  using host = new HostFixture();
  const conmon = { pid: 41, startTicks: "1000" };
  host.addProcess({ pid: 41, userId: 1000 });
  host.write("proc/41/uid_map", "0 1000 1\n1 100000 65536\n");
  // The socket's user has the say while there is one.
  assert.equal(readContainerOwner(host, host.socketPath, conmon).uid, 0);
  host.remove("podman.sock");
  assert.deepEqual(readContainerOwner(host, host.socketPath, conmon), { uid: 1000, ruledIds: [[1000, 1], [100_000, 65_536]] });
  for (const other of [undefined, { pid: 41, startTicks: "1001" }, { pid: 42, startTicks: "1000" }]) {
    assert.throws(() => readContainerOwner(host, host.socketPath, other), { code: "ENOENT" });
  }
});

test("owns the user himself and those whom he rules over, up to the last one", () => {
  const ann: EngineOwner = { uid: 1000, ruledIds: [[100_000, 10], [300_000, 1]] };
  assert.deepEqual(
    [0, 999, 1000, 1001, 99_999, 100_000, 100_009, 100_010, 300_000, 300_001].map((id) => owns(ann, id)),
    [false, false, true, false, false, true, true, false, true, false],
  );
});

test("a process is his whose real user he is or rules over, and any is root's", () => {
  using host = new HostFixture();
  host.addProcess({ pid: 42, userId: 1000 });
  host.addProcess({ pid: 43, userId: 1001 });
  host.write("proc/44/status", "Name:\tpasswd\nUid:\t1000\t0\t0\t0\n");
  assert.deepEqual([42, 43, 44, 45].map((pid) => ownsProcess(host, user, pid)), [true, false, true, false]);
  assert.equal(ownsProcess(host, root, 43), true);
});
