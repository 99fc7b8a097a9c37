import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { DriverRig, testSetting, type TaskWishes } from "@driver/testing";

const run = promisify(execFile);
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** Bits of capability sets (linux: include/uapi/linux/capability.h). */
const bits = { CHOWN: 0n, NET_ADMIN: 12n, NET_RAW: 13n, SYS_ADMIN: 21n, MKNOD: 27n } as const;

let rig: DriverRig;
before(async () => {
  rig = await DriverRig.start();
});
after(() => rig[Symbol.asyncDispose]());

/** What a script says that runs in a task of its own. */
describe("what the task's first process may do", () => {
  const statusOf = async (
    config: TaskWishes["config"],
  ): Promise<{ readonly has: (name: keyof typeof bits) => boolean; readonly field: (name: string) => string }> => {
    const status = await rig.outputOf("cat /proc/1/status", { config: config ?? {} });
    const field = (name: string): string =>
      new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1] ?? assert.fail(`no ${name} in ${status}`);
    return { field, has: (name) => ((BigInt(`0x${field("CapEff")}`) >> bits[name]) & 1n) === 1n };
  };

  test("has the capabilities that are added, and not those that are dropped", async () => {
    const { has } = await statusOf({ cap_add: ["net_admin"], cap_drop: ["CAP_MKNOD"] });
    assert.deepEqual([has("CHOWN"), has("NET_ADMIN"), has("MKNOD"), has("SYS_ADMIN")], [true, true, false, false]);
  });

  test("has one capability alone where all others are dropped", async () => {
    assert.equal((await statusOf({ cap_drop: ["ALL"], cap_add: ["NET_RAW"] })).field("CapEff"), "0000000000002000");
  });

  test("has all of the service's rights when it is privileged", async () => {
    const { has, field } = await statusOf({ privileged: true });
    assert.deepEqual([has("SYS_ADMIN"), field("Seccomp")], [true, "0"]);
    const plain = await statusOf({});
    assert.deepEqual([plain.has("SYS_ADMIN"), plain.field("Seccomp")], [false, "2"]);
  });
});

describe("the user namespace", () => {
  // A null device that everybody may use, as it ought to be. It is the world's own: its mounts are private.
  before(async () => {
    const device = join(testSetting("TEST_SCRATCH"), "null");
    await run("mknod", ["-m", "666", device, "c", "1", "3"]);
    await run("mount", ["--bind", device, "/dev/null"]);
  });
  after(() => run("umount", ["--lazy", "/dev/null"]));

  const idsOf = async (config: TaskWishes["config"]): Promise<string> =>
    (await rig.outputOf("cat /proc/self/uid_map /proc/self/gid_map", { config: config ?? {} })).replaceAll(/ +/g, " ");

  test("has ids that Podman chooses with auto", async () => {
    assert.match(await idsOf({ userns: "auto:size=2048" }), /^ 0 5\d{5} 2048\n 0 5\d{5} 2048\n$/);
  });

  test("has ids that Podman chooses with auto alone", async () => {
    assert.match(await idsOf({ userns_mode: "auto" }), /^ 0 5\d{5} \d+\n 0 5\d{5} \d+\n$/);
  });

  test("is refused with a word on where its ids come from when they are too few", async () => {
    await assert.rejects(
      rig.runScript("true", { config: { userns: "auto:size=400000" } }),
      /IDs.*userns = "auto" needs ids that no other container has, of those that the user containers has in \/etc\/subuid and/s,
    );
  });

  test("has the ids that the job maps", async () => {
    assert.equal(await idsOf({ userns: "private", uidmap: ["0:700000:65536"] }), " 0 700000 65536\n 0 700000 65536\n");
  });

  test("is that of another task of the allocation", async () => {
    const first = await rig.runScript("sleep 60", { name: "first", config: { userns: "private", uidmap: ["0:700000:65536"] } });
    const { allocId } = first.config;
    const second = await rig.runScript("cat /proc/self/uid_map", { allocId, name: "second", config: { userns: "task:first" } });
    await rig.driver.waitTask(second.config.id, soon());
    assert.equal((await second.stdout.whole()).toString().replaceAll(/ +/g, " "), " 0 700000 65536\n");
    // It goes first: Podman removes no container that others depend on.
    await rig.driver.destroyTask(second.config.id, { force: true }, soon());
  });

  test("is the host's where the job says so", async () => {
    assert.equal(await idsOf({ userns: "host" }), " 0 0 4294967295\n 0 0 4294967295\n");
  });
});
