import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, RecordedEvents, testSetting, until, type TaskWishes } from "@driver/testing";
import { FakeRig } from "./fake-rig.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

let rig: DriverRig;
before(async () => {
  rig = await DriverRig.start();
});
after(() => rig[Symbol.asyncDispose]());

/** What a script says that runs in a task with this config. */
async function outputOf(script: string, config: TaskWishes["config"], more: TaskWishes = {}): Promise<string> {
  return await rig.outputOf(script, { ...more, config: config ?? {} });
}

async function statusOf(config: TaskWishes["config"]): Promise<Readonly<Record<string, string>>> {
  const text = await outputOf("cat /proc/self/status", config);
  return Object.fromEntries(text.split("\n").map((line) => line.split(":\t")).map(([name = "", value = ""]) => [name, value.trim()]));
}

describe("security options", () => {
  test("keep a task from getting more rights, or do not", async () => {
    const [kept, free] = [
      await statusOf({ security_opt: ["no-new-privileges"] }),
      await statusOf({ security_opt: ["no-new-privileges=false"] }),
    ];
    assert.deepEqual([kept["NoNewPrivs"], free["NoNewPrivs"]], ["1", "0"]);
  });

  test("take a seccomp profile from the task's folder", async () => {
    const task = await rig.prepare({
      config: {
        command: "sh",
        args: ["-c", "mkdir /tmp/x 2>&1; touch /tmp/y && echo touched"],
        security_opt: ["seccomp=local/profile.json"],
      },
    });
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38 }],
    };
    await writeFile(join(task.config.allocDir, "task/local/profile.json"), JSON.stringify(profile));
    await rig.startTask(task);
    await rig.driver.waitTask(task.config.id, soon());
    assert.match((await task.stdout.whole()).toString(), /Function not implemented\ntouched\n/);
  });

  test("turn seccomp off", async () => {
    assert.equal((await statusOf({ security_opt: ["seccomp=unconfined"] }))["Seccomp"], "0");
  });

  test("mask paths, and lift Podman's masks", async () => {
    const script = "wc -c < /proc/version; grep -c ' /proc/' /proc/mounts";
    const [versionBytes, mounts] = (await outputOf(script, {})).split("\n");
    assert.ok(Number(versionBytes) > 0 && Number(mounts) > 3);
    assert.equal((await outputOf(script, { security_opt: ["mask=/proc/version"] })).split("\n")[0], "0");
    assert.equal((await outputOf(script, { security_opt: ["systempaths=unconfined"] })).split("\n")[1], "0");
    assert.ok(Number((await outputOf(script, { security_opt: ["unmask=/proc/acpi:/proc/keys"] })).split("\n")[1]) < Number(mounts));
  });

  test("say how /proc is mounted", async () => {
    assert.match(await outputOf("grep ' /proc ' /proc/mounts", { security_opt: ["proc-opts=hidepid=2"] }), /hidepid=(2|invisible)/);
  });

  test("that turn off what the host has not are taken", async () => {
    assert.equal(await outputOf("echo runs", { selinux_opts: ["disable"], apparmor_profile: "unconfined" }), "runs\n");
  });

  test("that the host cannot give do not let the task run", async () => {
    const task = await rig.prepare({ config: { selinux_opts: ["type:a_t"], apparmor_profile: "mine" } });
    await assert.rejects(rig.startTask(task), /2 mistakes: .*"type:a_t" needs SELinux.*"mine" needs AppArmor/);
  });
});

describe("groups", () => {
  test("are those of the user and those that are added", async () => {
    assert.equal(
      (await outputOf("id -G", { group_add: ["4242", "nogroup"] }, { user: "app" })).trim().split(" ").toSorted().join(),
      "1000,4242,65534",
    );
  });

  test("of the service are kept by crun alone, which the task's owner is told", async () => {
    await using events = new RecordedEvents(rig.driver);
    assert.equal(await outputOf("echo runs", { group_add: ["keep-groups"] }), "runs\n");
    if ((await ociRuntime()).includes("crun")) assert.deepEqual(events.messages, []);
    else {
      await until(() => events.all.length > 0);
      assert.match(
        events.messages.join("\n"),
        /group_add: the task asks for the groups .* \(keep-groups\), and Podman has made none, since the OCI runtime runc/,
      );
    }
  });
});

async function ociRuntime(): Promise<string> {
  return await withPodman(async (podman) => (await podman.info(soon())).ociRuntime.name);
}

describe("the OCI runtime", () => {
  test("is the one that the task names", async () => {
    assert.equal(await outputOf("echo runs", { runtime: await ociRuntime() }), "runs\n");
  });

  test("is no other, or the task does not run", async () => {
    const task = await rig.prepare({ config: { oci_runtime: "no-such-runtime" } });
    await assert.rejects(rig.startTask(task), /oci_runtime: "no-such-runtime" needs Podman 6\.0, and \d|no-such-runtime is not available/);
  });

  test("is given the task's annotations", async () => {
    const task = await rig.runScript("sleep 60", { config: { annotations: [{ "org.example.owner": "me" }] } });
    const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
    const inspect = await podman.containers.inspect(`task-${task.config.allocId}`, soon()).finally(() => podman.close());
    const bundle = JSON.parse(await readFile(join(inspect?.staticDir ?? "", "config.json"), "utf8")) as {
      readonly annotations: Readonly<Record<string, string>>;
    };
    assert.equal(bundle.annotations["org.example.owner"], "me");
  });
});

describe("a Podman that drops a user namespace", () => {
  test("does not run the task, and its container is removed", async () => {
    // No container of the fake has one, as with a Podman that takes `auto` without its second key.
    await using fake = await FakeRig.start();
    const task = await fake.prepare({ userns: "auto", command: "sh", args: ["-c", "true"] });
    await assert.rejects(fake.driver.startTask(task.config, soon()), {
      code: "unsupported",
      message:
        "config key userns: the task asks for a user namespace of its own, and Podman has made the host's user namespace of " +
          "it: the task is not run",
    });
    assert.equal(fake.podman.containers.length, 0);
  });
});

describe("a task whose Podman does less than it was asked", () => {
  /** Starts a task on a Podman that warns of `warnings`, and waits for what its owner is told. */
  async function toldOf(config: HclRecord, warnings: readonly string[], told: RegExp): Promise<void> {
    await using fake = await FakeRig.start();
    fake.podman.warnings = warnings;
    const task = await fake.prepare({ command: "sh", args: ["-c", "true"], ...config });
    await fake.driver.startTask(task.config, soon());
    await until(() => fake.events.some(({ message }) => told.test(message)));
  }

  test("runs with no groups of the service's where the OCI runtime keeps none, and its owner is told", () =>
    toldOf({ group_add: ["keep-groups"] }, [], /^config key group_add: the task asks for the groups .*, and Podman has made none, since /));

  test("runs where Podman warns of what it has dropped, and its owner is told", () =>
    toldOf({}, ["Your kernel does not support x"], /^Podman says of this task's container: Your kernel does not support x$/));
});
