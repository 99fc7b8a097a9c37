import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { HostFixture, until } from "@driver/testing";
import {
  hostRoots,
  identifyProcess,
  isAlive,
  isStopped,
  readBootId,
  readCommandLine,
  readKernelFile,
  readSessionId,
  readUnburiedCode,
} from "./proc-files.ts";

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
    process.kill = () => { throw Object.assign(new Error("not yours"), { code: "EPERM" }); };
    console.log(isAlive(hostRoots, self));
  `;
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    'ulimit -n 100; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    script,
  ]);
  assert.equal(stdout, "EMFILE\ntrue false\ntrue\n");
});

/** A shell that starts a child, tells its pid and does not bury it. */
async function spawnUnburied(script: string): Promise<{ readonly pid: number; readonly parent: ChildProcess }> {
  // The parent goes over to a program that knows of no child.
  const parent = spawn("sh", ["-c", `exec 3<&0; sh -c '${script}' <&3 & echo $!; exec sleep 60`]);
  const [chunk] = await once(parent.stdout, "data");
  await until(() => readCommandLine(hostRoots, parent.pid ?? 0)?.[0] === "sleep");
  return { pid: Number(String(chunk)), parent };
}

for (const [script, code] of [["exit 0", 0], ["exit 37", 37], ["exit 255", 255], ["kill -KILL $$", 137], ["kill -SEGV $$", 139]] as const) {
  test(`reads from the kernel how a process has ended that nobody has buried: ${script}`, async () => {
    const { pid, parent } = await spawnUnburied(`read go; ${script}`);
    const identity = identifyProcess(hostRoots, pid) ?? assert.fail("it has ended at once");
    assert.equal(readUnburiedCode(hostRoots, identity), undefined);
    parent.stdin?.end();
    await until(() => !isAlive(hostRoots, identity));
    assert.equal(readUnburiedCode(hostRoots, identity), code);
    assert.equal(readUnburiedCode(hostRoots, { ...identity, startTicks: "1" }), undefined);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    assert.equal(readUnburiedCode(hostRoots, { pid: 4_194_304, startTicks: "1" }), undefined);
  });
}

test("takes no 0 of a process that it may not look into for its code", () => {
  using host = new HostFixture();
  const identity = { pid: 42, startTicks: "1000" };
  host.addProcess({ pid: 42, state: "Z", exitStatus: 0 });
  assert.equal(readUnburiedCode(host, identity), undefined);
  host.addProcess({ pid: 42, state: "Z", exitStatus: 9472 });
  assert.equal(readUnburiedCode(host, identity), 37);
  host.write("proc/42/stat", "42 (sh) Z 1 42 42 0");
  assert.equal(readUnburiedCode(host, identity), undefined);
});

test("knows a process that was stopped, until it goes on", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const identity = identifyProcess(hostRoots, child.pid ?? 0) ?? assert.fail("it has ended");
  assert.equal(isStopped(hostRoots, identity), false);
  child.kill("SIGSTOP");
  await until(() => isStopped(hostRoots, identity));
  assert.equal(isStopped(hostRoots, { ...identity, startTicks: "1" }), false);
  child.kill("SIGCONT");
  await until(() => !isStopped(hostRoots, identity));
  child.kill("SIGKILL");
  await once(child, "exit");
});
