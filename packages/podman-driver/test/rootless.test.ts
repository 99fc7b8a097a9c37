import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Fingerprint } from "@driver/nomad-plugin";
import {
  DriverRig,
  makeOrdinaryUser,
  RecordedEvents,
  startEngine,
  testSetting,
  until,
  whyNoOrdinaryUser,
  type Engine,
  type OrdinaryUser,
  type RigOptions,
} from "@driver/testing";
import { RiggedGroup } from "./group-rig.ts";
import { goHandle, runLikeGoDriver } from "./go-handle.ts";
import { untilNoted } from "./noted-output.ts";
import { takePort } from "./taken-port.ts";
import { looksIn, ofUser, startUsersRig, usersSocket } from "./users-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);
const forever = "while :; do sleep 0.1; done";
const whyNot = await whyNoOrdinaryUser(soon());
const when = { skip: whyNot ?? false };

/** The Podman of an ordinary user, beside root's. */
let engine: Engine;
let user: OrdinaryUser;

before(async () => {
  if (whyNot !== undefined) return;
  const world = process.env["WORLD_FOLDER"] ?? "";
  user = await makeOrdinaryUser(world);
  engine = await startEngine(
    { folder: "/run/users-engine", storage: join(world, "users-storage"), user, startTimeoutMs: 60_000 },
    soon(),
  );
  await engine.importBusybox(testSetting("TEST_IMAGE"));
});
after(async () => {
  if (whyNot === undefined) await engine.close();
});

const startRig = (options: Pick<RigOptions, "pluginConfig" | "env"> = {}): Promise<DriverRig> => startUsersRig(engine, user, options);

test("runs a task, with its output in Nomad's FIFOs, which stay root's alone", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript("echo out; echo err >&2; grep . /proc/self/uid_map; exit 7", ofUser());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 7);
  const [out = "", map = ""] = (await task.stdout.whole()).toString().split("\n");
  assert.equal(out, "out");
  assert.match(map, new RegExp(`^ +0 +${user.uid} +1$`));
  assert.equal((await task.stderr.whole()).toString(), "err\n");
  const { uid, gid, mode } = await stat(task.config.stdoutPath);
  assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o600]);
});

test("gives the task's user the ids that keep-id promises", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript("id -u; touch /local/mine && echo made", ofUser({ config: { userns: "keep-id" } }));
  assert.equal(await rig.finish(task), `${user.uid}\nmade\n`);
  assert.equal((await stat(join(task.config.allocDir, "task/local/mine"))).uid, user.uid);
});

test("gives the task none of the ids of the Podman service's user with nomap", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript("cat /proc/self/uid_map", ofUser({ config: { userns: "nomap" } }));
  const hostIds = (await rig.finish(task)).trim().split("\n").map((line) => Number(line.trim().split(/ +/)[1]));
  assert.ok(hostIds.length > 0 && !hostIds.includes(user.uid), hostIds.join());
});

test("gives the task's user the ids that keep-id names", when, async () => {
  await using rig = await startRig();
  const script = "id -u; id -g; touch /local/mine && echo made";
  const task = await rig.runScript(script, ofUser({ config: { userns: "keep-id:uid=200,gid=210" } }));
  assert.equal(await rig.finish(task), "200\n210\nmade\n");
  assert.equal((await stat(join(task.config.allocDir, "task/local/mine"))).uid, user.uid);
});

test("gives the task ids of its own, of those that the Podman service's user has, with auto", when, async () => {
  await using rig = await startRig();
  const ids = (userns: string): Promise<string> => rig.outputOf("cat /proc/self/uid_map", ofUser({ config: { userns } }));
  assert.match(await ids("auto"), /^ +0 +[1-9]\d* +1024\n$/);
  assert.match(await ids("auto:size=2048"), /^ +0 +[1-9]\d* +2048\n$/);
});

test("statistics end with the task, and there are none where cgroup v1 gives a user's containers no cgroup", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript("while [ ! -e /alloc/go ]; do sleep 0.1; done", ofUser());
  const told = Array.fromAsync(rig.driver.taskStats(task.config.id, { intervalMs: 300 }, soon()));
  await sleep(1500);
  await writeFile(join(task.config.allocDir, "alloc/go"), "");
  const samples = await told;
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  if (!existsSync("/sys/fs/cgroup/cgroup.controllers")) assert.deepEqual(samples, []);
});

test("publishes a port through the program that makes the networks of a user", when, async () => {
  await using rig = await startRig();
  await using taken = await takePort();
  const { mapping } = taken;
  await taken.release();
  const script = "echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp";
  await rig.runScript(script, ofUser({ config: { network_mode: "", ports: ["http"] }, resources: { ports: [mapping] } }));
  const ask = (): Promise<string> => fetch(`http://127.0.0.1:${mapping.hostPort}/`).then((answer) => answer.text(), () => "");
  await until(async () => (await ask()) === "served\n");
});

test("tells that limits are not held where the kernel lets a user have none", when, async () => {
  await using rig = await startRig();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.runScript("true", ofUser());
  await rig.finish(task);
  await until(() => events.messages.some((text) => /limit/i.test(text) && /rootless|not applied/i.test(text)));
});

test("a limit above those of the user's Podman keeps a task from starting, or is told to its owner", when, async () => {
  await using rig = await startRig();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare(ofUser({ config: { command: "true", ulimit: [{ nofile: "unlimited", nproc: "512" }] } }));
  const refusal = await rig.startTask(task).then(() => undefined, String);
  // Podman 4.3 tries to set it; 5.4 sets what its service has.
  if (refusal === undefined) {
    const told = /^config key ulimit\.nofile: the task asks for unlimited:unlimited, and Podman has made \d+:\d+, since its service/;
    await until(() => events.messages.some((text) => told.test(text)));
    assert.ok(!events.messages.some((text) => text.includes("ulimit.nproc")));
  } else assert.match(refusal, /rlimit.*the task's config has ulimit/is);
});

test("runs commands in a task, and kills those that take too long with all they have started", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(forever, ofUser());
  const { id } = task.config;
  const exec = (command: string, timeoutMs: number) => rig.driver.execTask(id, { command: ["sh", "-c", command], timeoutMs }, soon());
  const { stdout, result } = await exec("id -u; exit 43", 60_000);
  assert.deepEqual([Buffer.from(stdout).toString(), result.exitCode], ["0\n", 43]);
  await assert.rejects(exec("sleep 4321 & sleep 4321", 1500), /not finished within 1500 ms/);
  await until(async () => Buffer.from((await exec("ps | grep -c '[s]leep 4321'", 60_000)).stdout).toString() === "0\n");
});

test("stops and destroys a task while its Podman is frozen, also where the kernel shows no cgroup of it", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript(`trap 'exit 51' TERM; echo ready; ${forever}`, ofUser());
  await task.stdout.until((text) => text === "ready\n");
  // Podman has started itself once more, in a namespace of the user's.
  const services = await findServices(engine);
  for (const pid of services) process.kill(pid, "SIGSTOP");
  try {
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 51);
    await rig.driver.destroyTask(task.config.id, { force: true }, soon());
  } finally {
    for (const pid of services) process.kill(pid, "SIGCONT");
  }
});

async function findServices({ socketPath }: Engine): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
  return pids.filter((_pid, index) => lines[index]?.includes("\0service\0") === true && lines[index].includes(socketPath));
}

test("recovers a task after a crash of the plugin, with its output and its end", when, async () => {
  await using rig = await startRig();
  const task = await rig.runScript("trap 'echo bye; exit 21' TERM; echo hello; while :; do sleep 0.05; done", ofUser());
  await task.stdout.until((text) => text === "hello\n");
  await untilNoted(task);
  await rig.crash();
  await rig.recover(task);
  const ended = rig.driver.waitTask(task.config.id, soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 60_000, killSignal: "" }, soon());
  assert.equal((await ended).exitCode, 21);
  assert.equal((await task.stdout.whole()).toString(), "hello\nbye\n");
});

test("takes over a running task that the Go driver has started", when, async () => {
  await using rig = await startRig();
  const task = await rig.prepare(ofUser());
  const containerId = await runLikeGoDriver(task, engine.socketPath);
  await rig.driver.recoverTask(goHandle(task, { containerId, socket: usersSocket }), soon());
  await rig.driver.stopTask(task.config.id, { timeoutMs: 60_000, killSignal: "" }, soon());
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 24);
});

test("names the folder on the way to the allocation that the user may not enter, and what lets him", when, async () => {
  await using rig = await startRig();
  await chmod(rig.root, 0o700);
  const task = await rig.prepare(ofUser({ config: { command: "true" } }));
  await assert.rejects(rig.startTask(task), (error: Error) => {
    assert.match(error.message, /permission denied/);
    const closed = `user ${user.uid}, whose Podman this is, may not enter ${rig.root} (mode 0700, owner 0:0)`;
    assert.ok(error.message.includes(closed), error.message);
    assert.ok(error.message.includes(`chmod o+x ${rig.root}`), error.message);
    return true;
  });
  await chmod(rig.root, 0o711);
  await rig.startTask(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
});

test("what it says to let the user in keeps those out whom the folder's mask has kept out", when, async () => {
  await using rig = await startRig();
  const other = user.uid + 1;
  await promisify(execFile)("setfacl", ["-m", `u:${other}:rwx`, rig.root]);
  await chmod(rig.root, 0o700);
  const task = await rig.prepare(ofUser({ config: { command: "true" } }));
  const error: unknown = await rig.startTask(task).catch((thrown: unknown) => thrown);
  const [, cure = "false"] = /to let him: (setfacl .*), or chmod/.exec(String(error)) ?? [];
  await promisify(execFile)("sh", ["-c", cure]);
  await rig.startTask(task);
  assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 0);
  const below = join(task.config.allocDir, "alloc");
  const looks = [[user.uid, below], [user.uid, rig.root], [other, below], [other, rig.root]] as const;
  assert.deepEqual(await Promise.all(looks.map(([uid, folder]) => looksIn(uid, folder))), [true, false, false, false], cure);
});

const opening = { pluginConfig: { open_allocation_path: true } };

test("lets its user alone pass the folders on the way to the allocation where the operator wants it", when, async () => {
  await using rig = await startRig(opening);
  await using events = new RecordedEvents(rig.driver);
  const tasks = await Promise.all(["first", "second"].map((name) => rig.prepare(ofUser({ name, config: { command: "true" } }))));
  const own = tasks[1]?.config.allocDir ?? "";
  for (const folder of [own, rig.root]) await chmod(folder, 0o700);
  assert.equal(await looksIn(user.uid, join(own, "alloc")), false);
  await Promise.all(tasks.map((task) => rig.startTask(task)));
  for (const { config } of tasks) assert.equal((await rig.driver.waitTask(config.id, soon())).exitCode, 0);
  const opened = (): readonly string[] => events.messages.filter((text) => text.startsWith("open_allocation_path"));
  await until(() => opened().length === 2);
  const mayPass = `open_allocation_path: user ${user.uid}, whose Podman this is, may now pass`;
  const wanted = [rig.root, own].map((folder) => `${mayPass} ${folder} (mode 0700, owner 0:0), by an ACL for him alone`);
  assert.deepEqual(opened().toSorted(), wanted.toSorted());
  const looks = [[user.uid, join(own, "alloc")], [user.uid, own], [user.uid + 1, join(own, "alloc")]] as const;
  assert.deepEqual(await Promise.all(looks.map(([uid, folder]) => looksIn(uid, folder))), [true, false, false]);
  await rig.finish(await rig.runScript("true", ofUser({ name: "third" })));
  assert.equal(opened().length, 2);
});

test("an ACL that lets another user pass keeps this one out no longer", when, async () => {
  await using rig = await startRig(opening);
  await chmod(rig.root, 0o700);
  await promisify(execFile)("setfacl", ["-m", `u:${user.uid + 1}:x`, rig.root]);
  assert.equal(await rig.outputOf("echo in", ofUser({ config: { userns: "keep-id" } })), "in\n");
  const { stdout } = await promisify(execFile)("getfacl", ["-cnp", rig.root]);
  assert.match(stdout, new RegExp(`^user:${user.uid}:--x\nuser:${user.uid + 1}:--x\ngroup::---\nmask::--x\nother::---$`, "m"));
  // Taken away where the mode does not show it, it is missed by the first start alone.
  await promisify(execFile)("setfacl", ["-x", `u:${user.uid}`, rig.root]);
  await assert.rejects(rig.runScript("true", ofUser({ name: "shut" })), /permission denied/);
  assert.equal(await rig.outputOf("echo again", ofUser({ name: "again" })), "again\n");
});

const failing = [
  ["there is no getfacl", {}, "getfacl, of the package acl, is not in the plugin's PATH"],
  ["there is no setfacl", { getfacl: "echo group::---" }, "setfacl, of the package acl, is not in the plugin's PATH"],
  [
    "setfacl fails",
    { getfacl: "echo group::---", setfacl: "echo 'setfacl: Operation not supported' >&2; exit 1" },
    "setfacl: Operation not supported",
  ],
] as const;

for (const [name, scripts, problem] of failing) {
  test(`names the folder as before where ${name}, and says so`, when, async (context) => {
    const programs = join(process.env["WORLD_FOLDER"] ?? "", "programs");
    await mkdir(programs);
    context.after(() => rm(programs, { recursive: true }));
    for (const [program, script] of Object.entries(scripts)) {
      await writeFile(join(programs, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    await using rig = await startRig({ ...opening, env: { PATH: programs } });
    await using events = new RecordedEvents(rig.driver);
    await chmod(rig.root, 0o700);
    const task = await rig.prepare(ofUser({ config: { command: "true" } }));
    await assert.rejects(rig.startTask(task), (error: Error) => {
      assert.match(error.message, /permission denied/);
      assert.ok(error.message.includes(`may not enter ${rig.root} (mode 0700, owner 0:0)`), error.message);
      return true;
    });
    const cure = problem.startsWith("getfacl") ? `-n -m u:${user.uid}:x,m::x` : `-m u:${user.uid}:x`;
    const told = `could not be let through ${rig.root} (mode 0700, owner 0:0): ${problem}; to let him: setfacl ${cure} ${rig.root}`;
    await until(() => events.messages.some((text) => text.includes(told)));
  });
}

test("names the files that Nomad wrote and the task's user cannot read", when, async () => {
  await using rig = await startRig();
  await using events = new RecordedEvents(rig.driver);
  const task = await rig.prepare(ofUser({ config: { command: "sh", args: ["-c", "cat /local/secret.env || echo closed"] } }));
  const path = join(task.config.allocDir, "task/local/secret.env");
  await writeFile(path, "a=b\n", { mode: 0o600 });
  await rig.startTask(task);
  assert.equal(await rig.finish(task), "closed\n");
  await until(() => events.messages.some((text) => text.includes("local/secret.env (mode 0600, owner 0:0)")));
});

/** The user's Podman as the only one, which makes the networks of groups. */
const startGroupRig = (): Promise<DriverRig> =>
  DriverRig.start({ pluginConfig: { socket_path: `unix:${engine.socketPath}`, group_network: "pod" } });

test("a group's pod holds its network, which its tasks share, and root can connect it as Nomad's CNI plugins do", when, async () => {
  await using rig = await startGroupRig();
  await using group = new RiggedGroup(rig, engine.socketPath);
  assert.equal(await group.createNetwork("shop"), true);
  const { allocId, spec } = group;
  const ip = async (...args: readonly string[]): Promise<void> => void (await promisify(execFile)("ip", args));
  const [, pid = ""] = /^\/proc\/(\d+)\/ns\/net$/.exec(spec.path) ?? assert.fail(spec.path);
  // What the CNI plugin bridge does, without its bridge: one end of a pair goes into the namespace, and gets an address there.
  await ip("link", "add", "ndp-host", "type", "veth", "peer", "name", "ndp-group");
  await ip("link", "set", "ndp-group", "netns", pid, "name", "eth0");
  await ip("address", "add", "198.51.100.1/24", "dev", "ndp-host");
  await ip("link", "set", "ndp-host", "up");
  const inside = async (...args: readonly string[]): Promise<void> =>
    void (await promisify(execFile)("nsenter", [`--net=${spec.path}`, "ip", ...args]));
  await inside("link", "set", "lo", "up");
  await inside("address", "add", "198.51.100.2/24", "dev", "eth0");
  await inside("link", "set", "eth0", "up");
  const more = { networkIsolation: group.toIsolation("198.51.100.2") };
  const web = await rig.runScript("echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp", { allocId, name: "web", more });
  const client = await rig.runScript(
    "until wget -qO- http://127.0.0.1:8080/; do sleep 0.2; done; ping -c 1 -W 1 $(hostname) | head -n 1; exec sleep 600",
    { allocId, name: "client", more },
  );
  await client.stdout.until((text) => text.includes("PING shop (198.51.100.2)"));
  await until(async () => (await fetch("http://198.51.100.2:8080/").then((answer) => answer.text(), () => "")) === "hello\n");
  for (const { config } of [web, client]) await rig.driver.destroyTask(config.id, { force: true }, soon());
  await group.destroyNetwork();
  assert.equal(await group.pod(), undefined);
});

describe("with a plugin of that user", when, () => {
  let command: string;

  before(async () => {
    const folder = join(process.env["WORLD_FOLDER"] ?? "", "ordinary-user");
    const plugin = join(folder, "plugin");
    // A checkout may lie where only root can go.
    await copyFile(testSetting("TEST_PLUGIN"), plugin);
    command = join(folder, "nomad-driver-podman");
    const become = `setpriv --reuid=${user.uid} --regid=${user.gid} --clear-groups`;
    await writeFile(command, `#!/bin/sh\nexec ${become} ${plugin}\n`, { mode: 0o755 });
  });

  test("runs a task with its output", async () => {
    await using rig = await DriverRig.start({ command, pluginConfig: { socket_path: `unix:${engine.socketPath}` } });
    const task = await rig.prepare({ config: { command: "sh", args: ["-c", "echo out; exit 5"] } });
    await promisify(execFile)("chown", ["-R", `${user.uid}:${user.gid}`, rig.root]);
    await rig.startTask(task);
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 5);
    assert.equal((await task.stdout.whole()).toString(), "out\n");
  });

  test("says which folder keeps it from root's socket", async (context) => {
    const folder = "/run/roots-own";
    await mkdir(folder, { mode: 0o700 });
    context.after(() => rm(folder, { recursive: true }));
    await using rig = await DriverRig.start({ command, pluginConfig: { socket_path: `unix:${folder}/podman.sock` } });
    for await (const { health, healthDescription } of rig.driver.fingerprint(soon())) {
      assert.equal(health, "undetected");
      assert.match(healthDescription, new RegExp(`user ${user.uid} may not enter ${folder} \\(mode 0700, owner 0:0\\)`));
      break;
    }
  });
});

test("goes on while it dies and comes back, and root's with it", when, async () => {
  await using rig = await startRig();
  let last: Fingerprint | undefined;
  const stop = new AbortController();
  const following = (async () => {
    for await (const fingerprint of rig.driver.fingerprint(stop.signal)) last = fingerprint;
  })().catch(() => undefined);
  const health = (): unknown => last?.attributes[`driver.podman.${usersSocket}.health`];
  await until(() => health() === "healthy", 60_000);
  assert.equal(last?.attributes[`driver.podman.${usersSocket}.rootless`], true);
  const counting = "i=0; while [ ! -e /alloc/go ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit 9";
  const users = await rig.runScript(counting, ofUser({ name: "users" }));
  const roots = await rig.runScript(counting, { name: "roots" });
  await engine.killService();
  await until(() => health() === "unhealthy", 60_000);
  assert.equal(last?.health, "healthy");
  for (const task of [users, roots]) await writeFile(join(task.config.allocDir, "alloc/go"), "");
  for (const task of [users, roots]) {
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 9);
    const numbers = (await task.stdout.whole()).toString().trim().split("\n").map(Number);
    assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
  }
  await engine.reviveService();
  await until(() => health() === "healthy", 60_000);
  stop.abort();
  await following;
});
