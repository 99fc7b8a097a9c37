import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, testSetting, type TaskWishes } from "@driver/testing";
import { isAtLeast } from "../src/engine/engine-facts.ts";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** Podman, and names of volumes that are removed with it. */
class VolumeRig implements AsyncDisposable {
  readonly podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
  readonly #names: string[] = [];

  name(suffix: string): string {
    const name = `mounts-test-${process.pid}-${suffix}`;
    this.#names.push(name);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#names) await this.podman.volumes.remove(name, soon());
    this.podman.close();
  }
}

test("a mount block's volume is made with its driver, labels and options, filled by the image, and kept", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const [data, memory, plain] = [volumes.name("data"), volumes.name("memory"), volumes.name("plain")];
  const mount: readonly HclRecord[] = [
    { source: data, target: "/etc", volume_options: { labels: [{ app: "x" }], driver_config: { name: "local" } } },
    {
      source: memory,
      target: "/memory",
      volume_options: { driver_config: { options: [{ type: "tmpfs", device: "tmpfs", o: "nr_inodes=77" }] } },
    },
    { source: plain, target: "/plain", readonly: true },
    { target: "/anonymous" },
  ];
  const script =
    "grep -c ^root /etc/passwd; df -i /memory | tail -1 | awk '{print $2}'; touch /plain/x 2>/dev/null || echo read-only; echo " +
      "kept > /etc/kept; touch /anonymous/x && echo written";
  assert.equal(await rig.outputOf(script, { config: { mount } }), "1\n77\nread-only\nwritten\n");
  const made = await volumes.podman.volumes.inspect(data, soon());
  const { "nomad-driver-podman.task_id": maker, ...labels } = made?.labels ?? {};
  assert.deepEqual([made?.driver, labels], ["local", { app: "x" }]);
  assert.match(maker ?? "", /^[0-9a-f]{8}-.*\/task\//);
  assert.equal((await volumes.podman.volumes.inspect(memory, soon()))?.options["o"], "nr_inodes=77");
  assert.equal(
    await rig.outputOf("cat /again/kept; ls /again/passwd", { config: { mounts: [{ source: data, target: "/again" }] } }),
    "kept\n/again/passwd\n",
  );
});

test("no_copy leaves a new volume empty", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const mount = [
    { source: volumes.name("empty"), target: "/etc", volume_options: { no_copy: true } },
    { source: volumes.name("filled"), target: "/bin", readonly: true },
  ];
  const [etc = "", bin = ""] = (await rig.outputOf("ls /etc; echo behind; ls /bin", { config: { mount } })).split("behind\n");
  assert.doesNotMatch(etc, /passwd/);
  assert.match(bin, /^sh$/m);
});

test("volume_driver makes a name of a bare source", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const config = { volume_driver: "local", volumes: [`${volumes.name("named")}:/data`] };
  assert.equal(await rig.outputOf("echo x > /data/x", { config }), "");
  assert.equal(await rig.outputOf("cat /data/x", { config }), "x\n");
});

test("a volume of another driver or with other options is not taken for the one that is meant", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const name = volumes.name("other");
  await volumes.podman.volumes.create(
    { name, driver: "local", labels: {}, options: { type: "tmpfs", device: "tmpfs", o: "nr_inodes=50,pass=geheim" } },
    soon(),
  );
  const mountWith = (driver_config: HclRecord): HclRecord => ({
    config: { mount: [{ source: name, target: "/x", volume_options: { driver_config } }] },
  });
  const refused = (driverConfig: HclRecord, text: RegExp): Promise<void> =>
    assert.rejects(rig.runScript("true", mountWith(driverConfig)), (error: Error & { readonly code?: string }) => {
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /geheim/);
      return error.code === "config-invalid";
    });
  await refused(
    { name: "flocker" },
    /config key mount\[0\]: "mounts-test-\S+:\/x" asks for the volume .*, and there is one of that name with the driver local, not flocker/,
  );
  await refused({ options: [{ type: "tmpfs", device: "tmpfs", o: "nr_inodes=9" }] }, /with other values for o;/);
});

test("a volume is made by the driver that it names, and by no other where Podman has none of that name", async () => {
  await using rig = await DriverRig.start();
  const mount = [{ source: `mounts-test-${process.pid}-none`, target: "/x", volume_options: { driver_config: { name: "flocker" } } }];
  await assert.rejects(rig.runScript("true", { config: { mount } }), /create volume \S+-none: .*flocker/);
});

test("a start that fails removes the volume it has made, and no other", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const [fresh, old] = [`mounts-test-${process.pid}-fresh`, volumes.name("old")];
  await volumes.podman.volumes.create({ name: old, driver: "", labels: {}, options: {} }, soon());
  const mount = [fresh, old].map((source) => ({ source, target: `/${source}`, volume_options: { labels: [{ a: "b" }] } }));
  await assert.rejects(rig.outputOf("true", { config: { mount, command: "no-such-program", args: [] } }), /no-such-program/);
  assert.equal(await volumes.podman.volumes.inspect(fresh, soon()), undefined);
  assert.notEqual(await volumes.podman.volumes.inspect(old, soon()), undefined);
});

test("mount blocks bind, and lay memory of a size and mode", async () => {
  await using rig = await DriverRig.start();
  const host = join(rig.root, "host");
  await mkdir(host);
  await writeFile(join(host, "file"), "from the host\n");
  const mount = [
    { type: "bind", source: host, target: "/host", readonly: true, bind_options: { propagation: "rslave" }, options: ["noexec"] },
  ];
  const mounts = [{ type: "tmpfs", target: "/memory", tmpfs_options: { size: 1_048_576, mode: 488 } }];
  const script =
    "cat /host/file; touch /host/x 2>/dev/null || echo read-only; grep ' /host ' /proc/self/mountinfo | grep -c noexec; stat " +
      "-c %a /memory; df -k /memory | tail -1 | awk '{print $2}'";
  assert.equal(
    await rig.outputOf(script, { config: { mount, mounts, tmpfs: ["/other:size=2m,mode=0700,noexec", "/plain"] } }),
    "from the host\nread-only\n1\n750\n1024\n",
  );
});

test("tmpfs lays memory, with what the image has there unless it must not", async () => {
  await using rig = await DriverRig.start();
  const tmpfs = ["/sized:size=2m,mode=0700,noexec", "/plain", "/etc", "/root:notmpcopyup,ro", "/mine:U"];
  const script = [
    "stat -c '%a %U' /sized /mine",
    "df -k /sized | tail -1 | awk '{print $1, $2}'",
    "grep -c ' /sized .*noexec' /proc/self/mountinfo",
    "echo x > /plain/x && cat /plain/x",
    "ls /etc/passwd",
    "touch /root/x 2>/dev/null || echo read-only",
  ].join("; ");
  const output = await rig.outputOf(script, { config: { tmpfs } });
  assert.equal(output, "700 root\n1777 root\ntmpfs 2048\n1\nx\n/etc/passwd\nread-only\n");
  assert.match(
    await rig.outputOf("stat -c %u /mine; touch /mine/x && echo mine", { config: { tmpfs: ["/mine:U,mode=0700"] }, user: "1000" }),
    /mine\n$/,
  );
});

test("an image can be mounted, read-only or with changes that are lost", async () => {
  await using rig = await DriverRig.start();
  const source = testSetting("TEST_IMAGE");
  const mount = [{ type: "image", source, target: "/ro" }, { type: "image", source, target: "/rw", options: ["rw"] }];
  assert.equal(
    await rig.outputOf("ls /ro/bin/sh; touch /ro/x 2>/dev/null || echo read-only; touch /rw/x && ls /rw/x", { config: { mount } }),
    "/ro/bin/sh\nread-only\n/rw/x\n",
  );
  await assert.rejects(
    rig.outputOf("true", { config: { mount: [{ type: "image", source: "localhost/no-such-image:1", target: "/x" }] } }),
    /image localhost\/no-such-image:1 is not present/,
  );
});

for (const key of ["readonly_rootfs", "read_only"]) {
  test(`${key} leaves only what is mounted writable`, async () => {
    await using rig = await DriverRig.start();
    const script = "for d in / /etc /tmp /run /var/tmp /local /alloc /dev/shm; do touch $d/probe 2>/dev/null && echo $d; done";
    // Podman 4 leaves /dev/shm writable; docs/volumes.md has it.
    const { version } = await withPodman((podman) => podman.ping(AbortSignal.timeout(60_000)));
    assert.equal(
      await rig.outputOf(`mkdir -p /var/tmp 2>/dev/null; ${script}`, { config: { [key]: true } }),
      isAtLeast({ version }, [5, 0]) ? "/local\n/alloc\n" : "/local\n/alloc\n/dev/shm\n",
    );
    assert.equal(
      await rig.outputOf(script, { config: { [key]: true, read_only_tmpfs: true } }),
      "/tmp\n/run\n/var/tmp\n/local\n/alloc\n/dev/shm\n",
    );
  });
}

for (const shm_size of ["2m", 2_097_152]) {
  test(`shm_size ${JSON.stringify(shm_size)} is the size of /dev/shm`, async () => {
    await using rig = await DriverRig.start();
    assert.equal(await rig.outputOf("df -k /dev/shm | tail -1 | awk '{print $2}'", { config: { shm_size: String(shm_size) } }), "2048\n");
  });
}

test("storage_opt reaches Podman, whose storage here takes none and says so", async () => {
  await using rig = await DriverRig.start();
  const words = /podman answered \d+: .*(storage option|quota|size)|config key storage_opt: needs Podman 4\.0/i;
  await assert.rejects(rig.runScript("true", { config: { storage_opt: { size: "64m" } } }), words);
});

test("a size of a volume, for which Podman wants a quota, is named with what would do", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const options = [{ type: "tmpfs", device: "tmpfs", o: "nodev,size=2m" }];
  const mountOf = (source: string): TaskWishes => ({
    config: { mount: [{ source, target: "/x", volume_options: { driver_config: { name: "local", options } } }] },
  });
  const { version } = await volumes.podman.info(soon());
  if (Number.parseInt(version, 10) >= 5) {
    assert.match(await rig.outputOf("df -k /x", mountOf(volumes.name("sized"))), /^tmpfs +2048 /m);
    return;
  }
  await assert.rejects(
    rig.runScript("true", mountOf(`sized-${process.pid}`)),
    /Project Quota; the task's config has a size in mount\[0\]\.volume_options\.driver_config\.options\.o, .* type tmpfs can have one/,
  );
});

test("a volume's driver that Podman does not have is named", async () => {
  await using rig = await DriverRig.start();
  const config = { volume_driver: "no-such-driver", volumes: ["v:/x"] };
  await assert.rejects(rig.runScript("true", { config }), /create volume v: .*no-such-driver/);
});

test("a part of a volume is all that is mounted of it, or nothing is on a Podman that knows no parts", async () => {
  await using volumes = new VolumeRig();
  await using rig = await DriverRig.start();
  const source = volumes.name("parts");
  await rig.outputOf("mkdir -p /all/sites/blue; echo hello > /all/sites/blue/index", { config: { mount: [{ source, target: "/all" }] } });
  const partOf = (subpath: string): TaskWishes => ({ config: { mount: [{ source, target: "/part", volume_options: { subpath } }] } });
  const { version } = await volumes.podman.info(soon());
  if (Number.parseInt(version, 10) < 5) {
    const task = await rig.prepare(partOf("sites/blue"));
    await assert.rejects(rig.startTask(task), /mount\[0\]\.volume_options\.subpath: "sites\/blue" needs Podman 5\.0, and \S+ runs/);
    return;
  }
  assert.equal(await rig.outputOf("ls /part; cat /part/index", partOf("sites/blue")), "index\nhello\n");
  const missing = await rig.prepare(partOf("sites/red"));
  await assert.rejects(rig.startTask(missing), /subpath = "sites\/red", which must be in the volume already/);
});
