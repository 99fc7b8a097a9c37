import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { hostRoots } from "./proc-files.ts";
import { findPortHolder } from "./port-holder.ts";

for (const host of ["127.0.0.1", "::1"]) {
  test(`finds the process that listens on a TCP port of ${host}, and nobody once it has left`, async () => {
    const server = createServer().listen(0, host).unref();
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : assert.fail("it does not listen");
    const holder = findPortHolder(hostRoots, { protocol: "tcp", port }) ?? assert.fail("nobody has it");
    assert.deepEqual([holder.pid, holder.container], [process.pid, undefined]);
    assert.ok(holder.command.length > 0);
    assert.equal(findPortHolder(hostRoots, { protocol: "udp", port }), undefined);
    server.close();
    await once(server, "close");
    assert.equal(findPortHolder(hostRoots, { protocol: "tcp", port }), undefined);
  });
}

test("finds the process that has a UDP port", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1").unref();
  await once(socket, "listening");
  const { port } = socket.address();
  assert.equal(findPortHolder(hostRoots, { protocol: "udp", port })?.pid, process.pid);
  socket.close();
  await once(socket, "close");
});
