import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "./failure.ts";
import { startScriptedPodman } from "./scripted-podman.ts";

const limit = { timeout: 120_000 };
const { signal } = new AbortController();

test("a kept connection that the service closes at the next request is replaced unseen", limit, async () => {
  let served = 0;
  await using server = await startScriptedPodman({
    answer: (_request, response) => {
      served += 1;
      if (served === 2) response.destroy();
      else response.end('{"version":{"Version":"5.0.0"}}');
    },
  });
  await server.client.info(signal);
  assert.equal((await server.client.info(signal)).version, "5.0.0");
  assert.equal(served, 3);
});

test("starts, one behind the other, share a connection for a moment, and other calls have one of their own", limit, async () => {
  await using server = await startScriptedPodman({ answer: (_request, response) => response.end() });
  for (const name of ["web", "db", "web"]) await server.client.containers.start(name, signal);
  assert.equal(server.accepted, 1);
  while ((await server.countConnections()) > 0) await new Promise(setImmediate);
  await Promise.all(["web", "db"].map((name) => server.client.containers.start(name, signal)));
  assert.equal(server.accepted, 3);
  await server.client.containers.kill("web", "SIGTERM", signal);
  await server.client.ping(signal).catch(() => undefined);
  assert.equal(server.accepted, 5);
});

test("a call that changes something is sent once only on a shared connection too", limit, async () => {
  await using server = await startScriptedPodman({
    answer: (_request, response) => void (server.seen.length === 1 ? response.end() : response.destroy()),
  });
  await server.client.containers.start("web", signal);
  assert.equal((await failure(server.client.containers.start("db", signal))).code, "connection-lost");
  assert.deepEqual([server.accepted, server.seen.length], [1, 2]);
});

test("a read whose kept connection is gone takes none that may be gone as well", limit, async () => {
  const used = new Set<unknown>();
  await using server = await startScriptedPodman({
    answer({ method }, response) {
      if (used.has(response.socket)) return void response.destroy();
      used.add(response.socket);
      response.end(method === "GET" ? '{"version":{"Version":"5.0.0"}}' : "");
    },
  });
  await server.client.info(signal);
  await server.client.containers.start("web", signal);
  assert.equal((await server.client.info(signal)).version, "5.0.0");
});
