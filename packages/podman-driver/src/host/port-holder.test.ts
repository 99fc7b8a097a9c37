import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hostRoots } from "./proc-files.ts";
import { findPortHolder } from "./port-holder.ts";

for (const host of ["127.0.0.1", "::1"]) {
  test(`finds the process that listens on a TCP port of ${host}, and nobody once it has left`, async () => {
    const server = createServer().listen(0, host).unref();
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : assert.fail("it does not listen");
    const holder = findPortHolder(hostRoots, { protocol: "tcp", host, port }) ?? assert.fail("nobody has it");
    assert.deepEqual([holder.pid, holder.container], [process.pid, undefined]);
    assert.ok(holder.command.length > 0);
    assert.equal(findPortHolder(hostRoots, { protocol: "udp", host, port }), undefined);
    server.close();
    await once(server, "close");
    assert.equal(findPortHolder(hostRoots, { protocol: "tcp", host, port }), undefined);
  });
}

test("finds the process that has a UDP port", async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1").unref();
  await once(socket, "listening");
  const { port } = socket.address();
  assert.equal(findPortHolder(hostRoots, { protocol: "udp", host: "", port })?.pid, process.pid);
  socket.close();
  await once(socket, "close");
});

/** What a process calls itself, and what it has. */
interface Listed {
  readonly pid: number;
  readonly inode: number;
  readonly words: readonly string[];
  readonly comm?: string;
}

/** A /proc with these processes, and the tables of this network namespace. */
async function listProcesses(
  tables: { readonly tcp?: readonly string[]; readonly tcp6?: readonly string[] },
  processes: readonly Listed[],
): Promise<AsyncDisposable & { readonly procDir: string }> {
  const procDir = await mkdtemp(join(tmpdir(), "proc-"));
  await mkdir(join(procDir, "self/net"), { recursive: true });
  for (const [name, rows] of Object.entries(tables)) await writeFile(join(procDir, "self/net", name), ["head", ...rows, ""].join("\n"));
  for (const { pid, inode, words, comm = "name" } of processes) {
    await mkdir(join(procDir, `${pid}/fd`), { recursive: true });
    await symlink(`socket:[${inode}]`, join(procDir, `${pid}/fd/3`));
    await writeFile(join(procDir, `${pid}/cmdline`), words.join("\0"));
    await writeFile(join(procDir, `${pid}/comm`), `${comm}\n`);
  }
  return { procDir, [Symbol.asyncDispose]: () => rm(procDir, { recursive: true }) };
}

const row = (address: string, inode: number): string => `0: ${address}:1F90 00000000:0000 0A 0:0 00:0 0 0 0 ${inode} 1`;

describe("of several that listen on the same port of different addresses", () => {
  const addresses = {
    tcp: [row("0100007F", 11), row("010200C0", 12)],
    tcp6: [row("B80D0120000000000000000007000000", 13), row("0000000000000000FFFF0000080200C0", 14)],
  };
  const processes = [11, 12, 13, 14].map((inode): Listed => ({ pid: 100 + inode, inode, words: ["httpd"] }));
  const rows: readonly (readonly [host: string, pid: number | undefined])[] = [
    ["127.0.0.1", 111],
    ["192.0.2.1", 112],
    ["2001:0db8::0007", 113],
    ["192.0.2.8", 114],
    ["192.0.2.9", undefined],
    ["", 111],
    ["0.0.0.0", 111],
  ];
  for (const [host, pid] of rows) {
    test(`the one is found that has ${host === "" ? "any" : host}`, async () => {
      await using listed = await listProcesses(addresses, processes);
      assert.equal(findPortHolder({ ...hostRoots, procDir: listed.procDir }, { protocol: "tcp", host, port: 8080 })?.pid, pid);
    });
  }

  test("the one is found that has all of them", async () => {
    await using listed = await listProcesses({ tcp: [row("00000000", 11)] }, processes);
    assert.equal(findPortHolder({ ...hostRoots, procDir: listed.procDir }, { protocol: "tcp", host: "192.0.2.9", port: 8080 })?.pid, 111);
  });
});

describe("a process is told", () => {
  const rows: readonly (readonly [words: readonly string[], comm: string, container: string | undefined, command: string])[] = [
    [["/usr/bin/conmon", "-c", "id", "-n", "web-1"], "conmon", "web-1", "conmon"],
    [["conmon", "-c", "id"], "conmon", undefined, "conmon"],
    [["/tmp/conmon", "-n", "web-1 has it\nall is well"], "conmon", undefined, "conmon"],
    [["httpd", "-n", "web-1"], "ht\u001b[2J\ntpd", undefined, "ht?[2J?tpd"],
  ];
  for (const [words, comm, container, command] of rows) {
    test(`that calls itself ${JSON.stringify([comm, ...words])}`, async () => {
      await using listed = await listProcesses({ tcp: [row("00000000", 11)] }, [{ pid: 111, inode: 11, words, comm }]);
      const found = findPortHolder({ ...hostRoots, procDir: listed.procDir }, { protocol: "tcp", host: "", port: 8080 });
      assert.deepEqual(found, { pid: 111, command, container });
    });
  }
});
