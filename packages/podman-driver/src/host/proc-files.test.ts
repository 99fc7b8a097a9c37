import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { HostFixture } from "@driver/testing";
import { hostRoots, identifyProcess, isAlive, readBootId, readCommandLine, readKernelFile, readSessionId } from "./proc-files.ts";

test("knows this very process by the kernel's own files", () => {
  const self = identifyProcess(hostRoots, process.pid);
  assert.ok(self !== undefined && /^\d+$/.test(self.startTicks));
  assert.equal(isAlive(hostRoots, self), true);
  assert.match(readCommandLine(hostRoots, process.pid)?.[0] ?? "", /node/);
  assert.match(readBootId(hostRoots), /^[0-9a-f-]{36}$/);
});

test("sees a process end", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const identity = identifyProcess(hostRoots, child.pid ?? 0);
  assert.ok(identity !== undefined && isAlive(hostRoots, identity));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(isAlive(hostRoots, identity), false);
});

for (const command of ["sh", "a b", "(x) Z 1", ") R 1 (", "x) Z 1 1 1", "", "a\nb"]) {
  test(`finds the fields behind the command name ${JSON.stringify(command)}`, () => {
    using host = new HostFixture();
    host.addProcess({ pid: 42, command, sessionId: 7, startTicks: "123456" });
    assert.deepEqual(identifyProcess(host, 42), { pid: 42, startTicks: "123456" });
    assert.equal(readSessionId(host, 42), 7);
  });
}

for (const state of ["Z", "X"]) {
  test(`takes a process in state ${state} for dead`, () => {
    using host = new HostFixture();
    host.addProcess({ pid: 42 });
    const identity = identifyProcess(host, 42);
    assert.ok(identity !== undefined);
    host.addProcess({ pid: 42, state });
    assert.equal(isAlive(host, identity), false);
    assert.equal(identifyProcess(host, 42), undefined);
  });
}

test("does not take a later process of the same pid for the one it knew", () => {
  using host = new HostFixture();
  host.addProcess({ pid: 42, startTicks: "1000" });
  const identity = identifyProcess(host, 42);
  host.addProcess({ pid: 42, startTicks: "2000" });
  assert.equal(isAlive(host, identity ?? assert.fail()), false);
});

test("finds nothing for pids that are none", () => {
  using host = new HostFixture();
  for (const pid of [0, -1, 1.5, NaN, Infinity, 43]) assert.equal(identifyProcess(host, pid), undefined);
});

test("finds nothing in files that are cut short or missing", () => {
  using host = new HostFixture();
  host.write("proc/42/stat", "42 (sh) S 1");
  assert.equal(identifyProcess(host, 42), undefined);
  assert.equal(readCommandLine(host, 42), undefined);
  assert.equal(readSessionId(host, 43), undefined);
  assert.equal(readKernelFile(`${host.procDir}/42`), undefined);
});

test("splits a command line at its zero bytes, empty arguments included", () => {
  using host = new HostFixture();
  host.addProcess({ pid: 42, args: ["conmon", "", "-x y", "last"] });
  assert.deepEqual(readCommandLine(host, 42), ["conmon", "", "-x y", "last"]);
});

test("a process is not taken for dead where no descriptor is left to look with", async () => {
  const script = `
    const { openSync } = await import("node:fs");
    const { hostRoots, identifyProcess, isAlive } = await import(${JSON.stringify(new URL("proc-files.ts", import.meta.url).href)});
    const self = identifyProcess(hostRoots, process.pid);
    const open = [];
    try { for (;;) open.push(openSync("/dev/null", "r")); } catch (error) { console.log(error.code); }
    console.log(isAlive(hostRoots, self), isAlive(hostRoots, { ...self, pid: 4_194_304 }));
  `;
  const { stdout } = await promisify(execFile)("sh", ["-c", 'ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, script]);
  assert.equal(stdout, "EMFILE\ntrue false\n");
});
