import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { runInWorld, sweepStaleWorlds } from "./world.ts";
import { until } from "./until.ts";

const signal = () => AbortSignal.timeout(120_000);

test("a command's exit code comes out of its world", async () => {
  const command = ["sh", "-c", '[ "$(grep -c : /proc/net/dev)" = 1 ] && [ -z "$(ls /var/lib/containers)" ] && [ -w "$TMPDIR" ] && exit 7'];
  assert.equal(await runInWorld({ network: "own", command, env: process.env, signal: signal() }), 7);
});

test("Podman's answers in a world do not wait for the package manager", async () => {
  const command = ["sh", "-c", "! dpkg-query --version"];
  assert.equal(await runInWorld({ network: "own", command, env: process.env, signal: signal() }), 0);
});

test("a world does not pass for started by systemd, and has the rest of what that keeps in /run", async () => {
  const made = ["/run/systemd/system", "/run/systemd/kept"].filter((path) => mkdirSync(path, { recursive: true }) !== undefined);
  try {
    const command = ["sh", "-c", "test ! -e /run/systemd/system && test -d /run/systemd/kept"];
    assert.equal(await runInWorld({ network: "own", command, env: process.env, signal: signal() }), 0);
  } finally {
    for (const path of made) rmdirSync(path);
  }
});

test("a container's own root, who has ids of another user, passes through a world's folder", async () => {
  const command = ["sh", "-c", 'exec setpriv --reuid 100000 --regid 100000 --clear-groups sh -c "cd $TMPDIR"'];
  assert.equal(await runInWorld({ network: "own", command, env: process.env, signal: signal() }), 0);
});

const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");
const whenUnified = { skip: !isUnified && "with cgroup v1 nothing is handed on" };

test("a world hands the kernel's controllers on to its containers", whenUnified, async () => {
  const script = 'cd /sys/fs/cgroup; for one in $(cat cgroup.controllers); do echo "+$one" >cgroup.subtree_control || exit 1; done';
  assert.equal(await runInWorld({ network: "own", command: ["sh", "-c", script], env: process.env, signal: signal() }), 0);
});

test("an abort ends everything in a world", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const running = runInWorld({ network: "own", command: ["sleep", "7001"], env: process.env, signal: controller.signal });
  await until(() => isRunning("7001"));
  controller.abort(reason);
  await assert.rejects(running, reason);
  assert.equal(isRunning("7001"), false);
  assert.deepEqual(findWorldsOf(process.pid), []);
});

test("a world dies with the process that made it, and its folder and groups are swept up by the next", async () => {
  const program = `
    import { runInWorld } from ${JSON.stringify(new URL("./world.ts", import.meta.url).href)};
    await runInWorld({ network: "own", command: ["sleep", "7002"], env: process.env, signal: AbortSignal.timeout(60000) });`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
  await until(() => isRunning("7002"));
  const [world = ""] = findWorldsOf(owner.pid);
  assert.notEqual(globSync(`/sys/fs/cgroup/**/${basename(world)}`).length, 0);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  await until(() => !isRunning("7002"));
  await sweepStaleWorlds();
  assert.equal(existsSync(world), false);
  assert.deepEqual(globSync(`/sys/fs/cgroup/**/${basename(world)}`), []);
});

function isRunning(seconds: string): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => readText(`/proc/${pid}/cmdline`) === `sleep\0${seconds}\0`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Folders of living or forgotten worlds that this process made. Other worlds come and go beside them. */
function findWorldsOf(pid: number | undefined): string[] {
  return globSync("/var/tmp/nomad-driver-podman-*").filter((folder) => readText(`${folder}/owner`).startsWith(`${pid} `));
}
