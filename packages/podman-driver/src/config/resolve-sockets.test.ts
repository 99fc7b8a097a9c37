import assert from "node:assert/strict";
import { test } from "node:test";
import { reportAll } from "./report.ts";
import { findSocket, resolveSockets } from "./resolve-sockets.ts";

type Options = Parameters<typeof resolveSockets>[0];
type Block = Options["socket"][number];

const emptyBlock: Block = { name: undefined, socket_path: undefined, host_user: undefined, tls: undefined };
const block = (name: string | undefined, path: string): Block => ({ ...emptyBlock, name, socket_path: `unix://${path}` });
const users = (uid = 0): Parameters<typeof resolveSockets>[1] => ({ uid, findUser: (name) => (name === "app" ? 1001 : undefined) });
const resolve = (options: Options, ofHost: ReturnType<typeof users>): ReturnType<typeof resolveSockets> =>
  reportAll((report) => resolveSockets(options, ofHost, report));
const plain: Options = { socket: [], socket_path: undefined, endpoint: undefined, tls: undefined };
const blocks = (...socket: readonly Block[]): Options => ({ ...plain, socket });

test("without any setting the plugin's own user decides", () => {
  assert.deepEqual(resolve(plain, users()).sockets, [{ name: "default", path: "/run/podman/podman.sock", isDefault: true }]);
  assert.deepEqual(resolve(plain, users(1000)).sockets, [
    { name: "default", path: "/run/user/1000/podman/podman.sock", isDefault: true },
  ]);
});

test("socket_path names the one service", () => {
  assert.deepEqual(resolve({ ...plain, socket_path: "unix:///run/x.sock" }, users()).sockets, [
    { name: "default", path: "/run/x.sock", isDefault: true },
  ]);
});

test("socket and socket_path exclude each other", () => {
  assert.throws(() => resolve({ ...plain, socket: [block("a", "/a")], socket_path: "unix:///b" }, users()), {
    code: "config-invalid",
    message: /socket_path: "unix:\/\/\/b" and socket exclude each other/,
  });
});

test("endpoint, Docker's word for it, does the same", () => {
  assert.deepEqual(resolve({ ...plain, endpoint: "unix:///var/run/docker.sock" }, users()).sockets, [
    { name: "default", path: "/var/run/docker.sock", isDefault: true },
  ]);
  const refused: readonly (readonly [Partial<Options>, RegExp])[] = [
    [{ endpoint: "http://127.0.0.1:2376" }, /endpoint: "http:\/\/127\.0\.0\.1:2376" is no address of a Podman service: http addresses/],
    [{ endpoint: "unix:///a", socket_path: "unix:///b" }, /endpoint: "unix:\/\/\/a" says the same as socket_path, which/],
    [{ endpoint: "unix:///a", socket: [block("a", "/a")] }, /endpoint: "unix:\/\/\/a" and socket exclude each other/],
  ];
  for (const [more, message] of refused) assert.throws(() => resolve({ ...plain, ...more }, users()), { code: "config-invalid", message });
});

test("a block named default, or without a name, is the default", () => {
  assert.deepEqual(resolve(blocks(block("a", "/a"), block(undefined, "/b")), users()).sockets, [
    { name: "a", path: "/a", isDefault: false },
    { name: "default", path: "/b", isDefault: true },
  ]);
  assert.equal(resolve(blocks(block("a", "/a"), block("", "/b")), users()).sockets[1]?.name, "default");
});

test("without a block named default the first one is it", () => {
  const { sockets } = resolve(blocks(block("a", "/a"), block("b", "/b")), users());
  assert.deepEqual(sockets.map(({ name, isDefault }) => [name, isDefault]), [["a", true], ["b", false]]);
  assert.equal(findSocket(sockets, "default").name, "a");
  assert.equal(findSocket(sockets, "").name, "a");
  assert.equal(findSocket(sockets, "b").name, "b");
});

test("a second block of the same name is left out, with a warning that names it", () => {
  const { sockets, warnings } = resolve(blocks(block("a", "/a"), block("a", "/other")), users());
  assert.deepEqual(sockets, [{ name: "a", path: "/a", isDefault: true }]);
  assert.match(warnings.map(({ message }) => message).join(), /socket "a" at \/other is ignored/);
});

test("two names that the node's attributes cannot tell apart are warned of, but the default's, which has none in them", () => {
  const { warnings } = resolve(blocks(block("x", "/x"), block("a b", "/a"), block("a.b", "/b"), block("c", "/c")), users());
  assert.deepEqual(warnings, [
    {
      key: "socket",
      message:
        'sockets "a b" and "a.b" have the same attributes driver.podman.a_b.…, which tell of the second: rename one of them',
    },
  ]);
  assert.deepEqual(resolve(blocks(block("a b", "/a"), block("a.b", "/b")), users()).warnings, []);
});

test("a wrong address is refused with the place of its block", () => {
  const socket = [block("a", "/a"), { name: "b", socket_path: "tcp://1.2.3.4", host_user: undefined, tls: undefined }];
  assert.throws(() => resolve({ ...plain, socket }, users()), {
    message: /socket\[1\]\.socket_path: "tcp:\/\/1\.2\.3\.4"/,
  });
});

test("an unknown socket of a task is refused with those there are", () => {
  const { sockets } = resolve(blocks(block("a", "/a"), block("b", "/b")), users());
  assert.throws(() => findSocket(sockets, "c"), {
    code: "config-invalid",
    message: 'config key socket: "c" is no socket of this client\'s plugin config; there are: a, b',
  });
});

test("host_user names the user whose the socket must be, and where it is when the block does not say", () => {
  const { sockets } = resolve(
    blocks(
      { ...emptyBlock, name: "a", host_user: "app" },
      { ...emptyBlock, name: "b", socket_path: "unix:/run/b.sock", host_user: "1002" },
    ),
    users(),
  );
  assert.deepEqual(sockets, [
    { name: "a", path: "/run/user/1001/podman/podman.sock", ownerId: 1001, isDefault: true },
    { name: "b", path: "/run/b.sock", ownerId: 1002, isDefault: false },
  ]);
  const root = resolve(blocks({ name: "a", socket_path: "", host_user: "0", tls: undefined }), users(1000));
  assert.deepEqual(root.sockets, [{ name: "a", path: "/run/podman/podman.sock", ownerId: 0, isDefault: true }]);
});

test("a user that the host does not have, and a block that names no place, are refused", () => {
  assert.throws(() => resolve(blocks({ name: "a", socket_path: undefined, host_user: "ap", tls: undefined }), users()), {
    code: "config-invalid",
    message: /socket\[0\]\.host_user: "ap" is no user/,
  });
  assert.throws(() => resolve(blocks({ name: "a", socket_path: undefined, host_user: undefined, tls: undefined }), users()), {
    code: "config-invalid",
    message: /socket\[0\]\.socket_path: is not set; write where the service listens, .* or whose it is, as host_user$/,
  });
});

const files = { ca: "/tls/ca.pem", cert: "/tls/cert.pem", key: "/tls/key.pem" };

test("tcp names a service of another host, with the files of its TLS", () => {
  const remote = {
    host: "podman.example",
    port: 2376,
    tls: { ca: "/tls/ca.pem", client: { cert: "/tls/cert.pem", key: "/tls/key.pem" } },
  };
  const address = "tcp://podman.example:2376";
  assert.deepEqual(resolve({ ...plain, socket_path: address, tls: files }, users()).sockets, [
    { name: "default", path: address, remote, isDefault: true },
  ]);
  const inBlock = { name: "far", socket_path: address, host_user: undefined, tls: { ...files, cert: undefined, key: undefined } };
  assert.deepEqual(resolve(blocks(block("near", "/a"), inBlock), users()).sockets[1], {
    name: "far",
    path: address,
    remote: { ...remote, tls: { ca: "/tls/ca.pem", client: undefined } },
    isDefault: false,
  });
});

test("what does not fit to a service of another host is refused", () => {
  const far = (more: Partial<Block>): Block => ({ name: "far", socket_path: "tcp://h:2376", host_user: undefined, tls: files, ...more });
  const refused: readonly (readonly [Options, RegExp])[] = [
    [blocks(far({ tls: undefined })), /socket\[0\]\.socket_path: "tcp:\/\/h:2376" needs TLS.*add a block socket\[0\]\.tls with ca/],
    [blocks(far({ host_user: "app" })), /socket\[0\]\.host_user: "app" names a user of this host/],
    [blocks(far({ tls: { ...files, key: undefined } })), /socket\[0\]\.tls\.cert: is of no use without key/],
    [blocks(far({ tls: { ...files, cert: undefined } })), /socket\[0\]\.tls\.key: is of no use without cert/],
    [blocks(far({ tls: { ...files, ca: "ca.pem" } })), /socket\[0\]\.tls\.ca: "ca\.pem" is no absolute path of a PEM file/],
    [blocks({ ...block("a", "/a"), tls: files }), /socket\[0\]\.tls: is for a tcp address/],
    [{ ...plain, tls: files }, /config key tls: is for a tcp address/],
    [{ ...blocks(block("a", "/a")), tls: files }, /config key tls: goes with socket_path; write it into the socket blocks/],
  ];
  for (const [options, message] of refused) assert.throws(() => resolve(options, users()), { code: "config-invalid", message });
});
