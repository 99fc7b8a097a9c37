import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import { KeptFiles, type Reading } from "./kept-files.ts";

const textOf = (reading: Reading | undefined): string | undefined => reading?.bytes.toString("latin1", 0, reading.length);
const openCount = (): number => readdirSync("/proc/self/fd").length;

test("reads what a file says now, each time, and lets go of its descriptors", () => {
  using host = new HostFixture();
  const before = openCount();
  const files = new KeptFiles();
  for (const [count, text] of ["usage 1\n", "usage 22\n", "", "usage 3\n"].entries()) {
    host.write("cgroup/c/cpu.stat", text);
    host.write("cgroup/c/memory.stat", `${count}`);
    const read = (name: string): string | undefined => textOf(files.read(`${host.cgroupDir}/c`, name));
    assert.deepEqual([read("cpu.stat"), read("memory.stat")], [text, `${count}`]);
    assert.equal(openCount(), before + 2);
  }
  files[Symbol.dispose]();
  assert.equal(openCount(), before);
  assert.equal(textOf(files.read(`${host.cgroupDir}/c`, "cpu.stat")), "usage 3\n");
  files[Symbol.dispose]();
});

test("keeps no more than it may, and reads the rest all the same", () => {
  using host = new HostFixture();
  const before = openCount();
  using some = new KeptFiles(3);
  using others = new KeptFiles(3);
  for (const name of ["a", "b", "c", "d"]) host.write(`cgroup/c/${name}`, name);
  for (const files of [some, others, some, others]) {
    for (const name of ["a", "b", "c", "d"]) assert.equal(textOf(files.read(`${host.cgroupDir}/c`, name)), name);
    assert.equal(openCount(), before + 3);
  }
});

test("keeps nothing of a file that cannot be read, and finds it when it is there", () => {
  using host = new HostFixture();
  const before = openCount();
  using files = new KeptFiles();
  assert.equal(files.read(host.cgroupDir, "memory.peak"), undefined);
  host.write("cgroup/memory.peak/file", "a folder");
  assert.equal(files.read(host.cgroupDir, "memory.peak"), undefined);
  assert.equal(openCount(), before);
  host.remove("cgroup/memory.peak");
  host.write("cgroup/memory.peak", "7\n");
  assert.equal(textOf(files.read(host.cgroupDir, "memory.peak")), "7\n");
});

test("reads a file whole that is longer than its memory", () => {
  using host = new HostFixture();
  using files = new KeptFiles();
  host.write("cgroup/long", "x".repeat(20_000));
  for (let times = 0; times < 2; times += 1) assert.equal(files.read(host.cgroupDir, "long")?.length, 20_000);
});

test("does not believe an old descriptor of a process that is gone", { skip: !existsSync("/proc/self/stat") }, async () => {
  const { spawn } = await import("node:child_process");
  const child = spawn("sleep", ["60"]);
  using files = new KeptFiles();
  assert.match(textOf(files.read(`/proc/${child.pid}`, "stat")) ?? "", /sleep/);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  assert.equal(files.read(`/proc/${child.pid}`, "stat"), undefined);
});
