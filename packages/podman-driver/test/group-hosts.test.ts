import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DriverRig, type RiggedTask, type TaskWishes } from "@driver/testing";
import { RiggedGroup } from "./group-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

function startRig(): Promise<DriverRig> {
  return DriverRig.start({ pluginConfig: { group_network: "pod" } });
}

async function exec(rig: DriverRig, task: RiggedTask, script: string): Promise<string> {
  const command = ["sh", "-c", script];
  const { stdout, stderr, result } = await rig.driver.execTask(task.config.id, { command, timeoutMs: 60_000 }, soon());
  assert.equal(result.exitCode, 0, `${Buffer.from(stderr).toString()}${Buffer.from(stdout).toString()}`);
  return Buffer.from(stdout).toString().trim();
}

/** A task of the group that sleeps. `address`: the group's, as Nomad tells it. */
function inGroup(rig: DriverRig, group: RiggedGroup, wishes: TaskWishes = {}, address = "192.0.2.77"): Promise<RiggedTask> {
  const more = { networkIsolation: group.toIsolation(address) };
  return rig.runScript("sleep 600", { allocId: group.allocId, more, ...wishes });
}

/** The first address that the hosts file has for a name. */
const addressOf = (name: string): string =>
  `awk -v n=${name} '{ for (i = 2; i <= NF; i++) if ($i "" == n "") { print $1; exit } }' /etc/hosts`;

test("tasks of a group share one hosts file: the lines of each are there for all, and what one writes", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const web = await inGroup(rig, group, { name: "web", config: { extra_hosts: ["db.test:192.0.2.10"] } });
  const client = await inGroup(rig, group, { name: "client", config: { hostname: "mine", extra_hosts: ["six.test:[2001:db8::6]"] } });
  const [ofWeb, ofClient] = await Promise.all([web, client].map((task) => exec(rig, task, "cat /etc/hosts")));
  assert.equal(ofWeb, ofClient);
  for (const task of [web, client]) {
    for (const [name, address] of [
      ["shop", "192.0.2.77"],
      ["mine", "192.0.2.77"],
      ["db.test", "192.0.2.10"],
      ["six.test", "2001:db8::6"],
      ["localhost", "127.0.0.1"],
    ] as const) {
      assert.equal(await exec(rig, task, addressOf(name)), address, name);
    }
  }
  assert.equal(await exec(rig, client, "ping -c 1 -W 1 mine 2>&1 | head -n 1"), "PING mine (192.0.2.77): 56 data bytes");
  await exec(rig, web, "echo 192.0.2.88 later.test >>/etc/hosts");
  assert.equal(await exec(rig, client, addressOf("later.test")), "192.0.2.88");
});

test("a task that starts again finds what the group has written, and the address that the group has now", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const first = await inGroup(rig, group);
  await exec(rig, first, "echo 192.0.2.88 later.test >>/etc/hosts");
  await rig.driver.destroyTask(first.config.id, { force: true }, soon());
  // An agent that was restarted does not tell the address (nomad 1.3 to 2.0).
  const second = await inGroup(rig, group, { name: "second" }, "");
  assert.equal(await exec(rig, second, `${addressOf("shop")}; ${addressOf("later.test")}`), "192.0.2.77\n192.0.2.88");
  const third = await inGroup(rig, group, { name: "third" }, "192.0.2.78");
  assert.equal(await exec(rig, third, `grep -c shop /etc/hosts; ${addressOf("shop")}`), "1\n192.0.2.78");
});

test("a task keeps the hosts file that it mounts itself, and the others do not see it", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const own = await rig.prepare({
    allocId: group.allocId,
    name: "own",
    more: { networkIsolation: group.toIsolation("192.0.2.77") },
    config: { command: "sleep", args: ["600"], volumes: ["local/hosts:/etc/hosts"] },
  });
  await writeFile(join(own.config.allocDir, "own/local/hosts"), "192.0.2.99 only.test\n", { mode: 0o644 });
  await rig.startTask(own);
  assert.equal(await exec(rig, own, "cat /etc/hosts"), "192.0.2.99 only.test");
  const other = await inGroup(rig, group, { name: "other" });
  assert.equal(await exec(rig, other, `grep -c only.test /etc/hosts || true; ${addressOf("shop")}`), "0\n192.0.2.77");
});

test("a task that is called hosts is in nobody's way", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  for (const name of ["hosts", "web"]) assert.equal(await exec(rig, await inGroup(rig, group, { name }), addressOf("shop")), "192.0.2.77");
});

test("says what is in the way of the group's hosts file, and makes nothing", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const task = await rig.prepare({ allocId: group.allocId, more: { networkIsolation: group.toIsolation() }, config: { command: "true" } });
  for (const name of ["hosts", ".hosts"]) await mkdir(join(task.config.allocDir, name));
  const message = /the hosts file of the group cannot be written: .*EISDIR.*\/\.hosts/;
  await assert.rejects(rig.startTask(task), { message, recoverable: true });
  assert.equal((await group.pod())?.members.length, 1);
});

test("a hosts file that tasks have filled beyond measure is written anew", async () => {
  await using rig = await startRig();
  await using group = await RiggedGroup.create(rig, "shop");
  const first = await inGroup(rig, group);
  await exec(rig, first, "head -c 400000 /dev/zero | tr '\\0' '#' >>/etc/hosts");
  const second = await inGroup(rig, group, { name: "second", config: { extra_hosts: ["db.test:192.0.2.10"] } });
  const script = `${addressOf("shop")}; ${addressOf("db.test")}; grep -c '##' /etc/hosts || true`;
  assert.equal(await exec(rig, second, script), "192.0.2.77\n192.0.2.10\n0");
  assert.ok((await readFile(join(first.config.allocDir, "hosts"))).length < 10_000);
});
