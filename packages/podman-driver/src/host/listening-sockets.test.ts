import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isListening } from "./listening-sockets.ts";
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
