import assert from "node:assert/strict";
import { test } from "node:test";
import { findSocket, resolveSockets } from "./resolve-sockets.ts";

const block = (name: string | undefined, path: string): { readonly name: string | undefined; readonly socket_path: string } => ({ name, socket_path: `unix://${path}` });
const blocks = (...socket: ReturnType<typeof block>[]): Parameters<typeof resolveSockets>[0] => ({ socket, socket_path: undefined });

test("without any setting the plugin's own user decides", () => {
  const none = { socket: [], socket_path: undefined };
  assert.deepEqual(resolveSockets(none, 0).sockets, [{ name: "default", path: "/run/podman/podman.sock", isDefault: true }]);
  assert.deepEqual(resolveSockets(none, 1000).sockets, [{ name: "default", path: "/run/user/1000/podman/podman.sock", isDefault: true }]);
});

test("socket_path names the one service", () => {
  assert.deepEqual(resolveSockets({ socket: [], socket_path: "unix:///run/x.sock" }, 0).sockets, [{ name: "default", path: "/run/x.sock", isDefault: true }]);
});

test("socket and socket_path exclude each other", () => {
  assert.throws(() => resolveSockets({ socket: [block("a", "/a")], socket_path: "unix:///b" }, 0), { code: "config-invalid", message: /socket and socket_path exclude each other/ });
});

test("a block named default, or without a name, is the default", () => {
  assert.deepEqual(resolveSockets(blocks(block("a", "/a"), block(undefined, "/b")), 0).sockets, [
    { name: "a", path: "/a", isDefault: false },
    { name: "default", path: "/b", isDefault: true },
  ]);
  assert.equal(resolveSockets(blocks(block("a", "/a"), block("", "/b")), 0).sockets[1]?.name, "default");
});

test("without a block named default the first one is it", () => {
  const { sockets } = resolveSockets(blocks(block("a", "/a"), block("b", "/b")), 0);
  assert.deepEqual(sockets.map(({ name, isDefault }) => [name, isDefault]), [["a", true], ["b", false]]);
  assert.equal(findSocket(sockets, "default").name, "a");
  assert.equal(findSocket(sockets, "").name, "a");
  assert.equal(findSocket(sockets, "b").name, "b");
});

test("a second block of the same name is left out, with a warning that names it", () => {
  const { sockets, warnings } = resolveSockets(blocks(block("a", "/a"), block("a", "/other")), 0);
  assert.deepEqual(sockets, [{ name: "a", path: "/a", isDefault: true }]);
  assert.match(warnings.join(), /socket "a" at \/other is ignored/);
});

test("a wrong address is refused with the place of its block", () => {
  const socket = [block("a", "/a"), { name: "b", socket_path: "tcp://1.2.3.4:80" }];
  assert.throws(() => resolveSockets({ socket, socket_path: undefined }, 0), { message: /socket\[1\]\.socket_path: "tcp:\/\/1\.2\.3\.4:80"/ });
});

test("an unknown socket of a task is refused with those there are", () => {
  const { sockets } = resolveSockets(blocks(block("a", "/a"), block("b", "/b")), 0);
  assert.throws(() => findSocket(sockets, "c"), { code: "config-invalid", message: 'config key socket: "c" is no socket of this client\'s plugin config; there are: a, b' });
});
