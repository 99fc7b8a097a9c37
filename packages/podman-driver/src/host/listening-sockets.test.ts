import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findUsualSockets, isListening } from "./listening-sockets.ts";
import { hostRoots } from "./proc-files.ts";

test("tells a socket that somebody listens on from one that nobody does, without connecting", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "listening-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "a socket.sock");
  symlinkSync(folder, join(folder, "link"));
  let connections = 0;
  const server = createServer((connection) => {
    connections += 1;
    connection.resume();
  }).listen(path);
  context.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  assert.equal(isListening(hostRoots, path), true);
  assert.equal(isListening(hostRoots, join(folder, "link", "a socket.sock")), true);
  assert.equal(isListening(hostRoots, `${path}2`), false);
  assert.equal(connections, 0);

  // A connection outlives the listener and bears its name.
  const client = connect(path);
  context.after(() => client.destroy());
  await new Promise((resolve) => client.once("connect", resolve));
  server.close();
  assert.equal(isListening(hostRoots, path), false);
  client.destroy();
  await new Promise((resolve) => server.once("close", resolve));
});

test("finds where a Podman listens that is not known, by the places that come with it", (context) => {
  const procDir = mkdtempSync(join(tmpdir(), "proc-"));
  context.after(() => rmSync(procDir, { recursive: true }));
  mkdirSync(join(procDir, "net"));
  const line = (path: string, flags = "00010000"): string => `0000000000000000: 00000002 00000000 ${flags} 0001 01 12345 ${path}`;
  const paths = ["/run/podman/podman.sock", "/var/run/user/1000/podman/podman.sock", "/run/user/7/podman/podman.sock"];
  const none = [line("/run/docker.sock"), line("/srv/run/podman/podman.sock"), line("/run/user/8/podman/podman.sock", "00000000")];
  const listed = [...paths, paths[0] ?? ""].map((path) => line(path));
  writeFileSync(join(procDir, "net/unix"), ["Num RefCount Protocol Flags Type St Inode Path", ...listed, ...none].join("\n"));
  const roots = { ...hostRoots, procDir };
  assert.deepEqual(findUsualSockets(roots, []), paths.toSorted());
  assert.deepEqual(findUsualSockets(roots, [paths[0] ?? "", paths[2] ?? ""]), [paths[1]]);
  assert.deepEqual(findUsualSockets({ ...hostRoots, procDir: "/nowhere" }, []), []);
});
