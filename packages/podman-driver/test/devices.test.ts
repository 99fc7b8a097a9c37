import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { DriverRig, type TaskWishes } from "@driver/testing";

const run = promisify(execFile);

/** A node of fuse, which anybody may open, and which no runtime hands out by itself. */
async function makeDevice(rig: DriverRig): Promise<string> {
  const path = join(rig.root, "fuse");
  await run("mknod", [path, "c", "10", "229"]);
  return path;
}

const opening = (place: string): string => `(exec 3<${place}) 2>/dev/null && echo r; (exec 3>${place}) 2>/dev/null && echo w`;

test("devices come in under the name and with the permissions that strings and blocks say", async () => {
  await using rig = await DriverRig.start();
  const device = await makeDevice(rig);
  const devices = [
    `${device}:/dev/both`,
    `${device}:/dev/read:r`,
    { host_path: device, container_path: "/dev/write", cgroup_permissions: "w" },
  ];
  const nodes = await rig.outputOf("for d in both read write; do stat -c '%F %t:%T' /dev/$d; done", {
    config: { devices: devices as never },
  });
  assert.equal(nodes, "character special file a:e5\n".repeat(3));
  assert.equal(await rig.outputOf(opening("/dev/both"), { config: { devices: [`${device}:/dev/both`] } }), "r\nw\n");
  assert.equal(await rig.outputOf(opening("/dev/read"), { config: { devices: [`${device}:/dev/read:r`] } }), "r\n");
  assert.equal(
    await rig.outputOf(opening("/dev/write"), {
      config: { devices: [{ host_path: device, container_path: "/dev/write", cgroup_permissions: "w" }] },
    }),
    "w\n",
  );
});

test("a block without a place or permissions means the host's place, and all of them", async () => {
  await using rig = await DriverRig.start();
  const device = await makeDevice(rig);
  assert.equal(await rig.outputOf(opening(device), { config: { devices: [{ host_path: device }] } }), "r\nw\n");
});

test("devices, mounts and variables of Nomad's device plugins reach the task", async () => {
  await using rig = await DriverRig.start();
  const hostPath = await makeDevice(rig);
  await mkdir(join(rig.root, "library"));
  await writeFile(join(rig.root, "library/file"), "library\n");
  const device = { hostPath, taskPath: "/dev/assigned", cgroupPermissions: "r" };
  const mounts = [
    {
      taskPath: "/library",
      hostPath: join(rig.root, "library"),
      readonly: true,
      propagationMode: "",
      selinuxLabel: "",
      requestName: "gpu",
    },
  ];
  const script = `${opening("/dev/assigned")}; cat /library/file; echo $GPU`;
  assert.equal(await rig.outputOf(script, { more: { devices: [device], mounts, deviceEnv: { GPU: "0" } } }), "r\nlibrary\n0\n");
  assert.equal(
    await rig.outputOf(opening(hostPath), { more: { devices: [{ ...device, taskPath: "", cgroupPermissions: "" }] } }),
    "r\nw\n",
  );
});

test("CDI names are found in the host's specs, and device_cdi makes them of what a plugin assigns", async () => {
  await using rig = await DriverRig.start({ pluginConfig: { device_cdi: { NVIDIA_VISIBLE_DEVICES: "driver-test.example/gpu" } } });
  const node = await makeDevice(rig);
  const deviceOf = (name: string): object => ({
    name,
    containerEdits: { deviceNodes: [{ path: `/dev/${name}`, hostPath: node, type: "c", major: 10, minor: 229 }], env: [`HAS_${name}=yes`] },
  });
  // Podman 5 passes over a spec with a hostPath that says it is of an older version.
  const spec = { cdiVersion: "0.5.0", kind: "driver-test.example/gpu", devices: [deviceOf("one"), deviceOf("two")] };
  await mkdir("/run/cdi", { recursive: true });
  const file = `/run/cdi/driver-test-${process.pid}.json`;
  try {
    await writeFile(file, JSON.stringify(spec));
    const script = "test -c /dev/one && echo one; test -c /dev/two && echo two; echo $HAS_one$HAS_two";
    assert.equal(await rig.outputOf(script, { config: { devices: ["driver-test.example/gpu=one"] } }), "one\nyes\n");
    assert.equal(await rig.outputOf(script, { more: { deviceEnv: { NVIDIA_VISIBLE_DEVICES: "one,two" } } }), "one\ntwo\nyesyes\n");
    await assert.rejects(
      rig.runScript("true", { config: { devices: ["driver-test.example/gpu=three"] } }),
      /unresolvable CDI devices driver-test\.example\/gpu=three/,
    );
  } finally {
    await rm(file, { force: true });
  }
});

test("allow_devices holds for what a path leads to as well", async () => {
  await using outer = await DriverRig.start();
  const [device, folder] = [await makeDevice(outer), join(outer.root, "allowed")];
  await mkdir(folder);
  await symlink(device, join(folder, "leak"));
  await run("mknod", [join(folder, "fuse"), "c", "10", "229"]);
  await symlink("fuse", join(folder, "link"));
  await using rig = await DriverRig.start({ pluginConfig: { allow_devices: [`${folder}/*`] } });
  const config = (path: string): TaskWishes => ({ config: { devices: [`${path}:/dev/x`] } });
  assert.equal(await rig.outputOf(opening("/dev/x"), config(join(folder, "fuse"))), "r\nw\n");
  assert.equal(await rig.outputOf(opening("/dev/x"), config(join(folder, "link"))), "r\nw\n");
  await assert.rejects(rig.runScript("true", config(device)), {
    code: "unsupported",
    message: /asks for \S+\/fuse, and this client allows \S+\/allowed\/\* alone; .* allow_devices/,
  });
  await assert.rejects(rig.runScript("true", config(join(folder, "leak"))), {
    code: "unsupported",
    message: /asks for \S+\/fuse, and this client allows/,
  });
});

test("a device that is none is named with its key, and one that is not there is Podman's to name", async () => {
  await using rig = await DriverRig.start();
  await assert.rejects(
    rig.runScript("true", { config: { devices: ["/dev/driver-test-missing"] } }),
    /\/dev\/driver-test-missing: no such file or directory/,
  );
  await assert.rejects(rig.runScript("true", { config: { devices: ["/dev", "/etc/passwd:/dev/x:r"] } }), {
    code: "config-invalid",
    message:
      'config key devices[1]: "/etc/passwd:/dev/x:r" needs a device of the host, or a folder of them, and /etc/passwd is a file; ' +
      "write the path of a device node, e.g. /dev/fuse",
  });
});

test("a device_cdi that names no kind is refused", async () => {
  await assert.rejects(DriverRig.start({ pluginConfig: { device_cdi: { X: "gpu" } } }), {
    message: /device_cdi\.X: "gpu" is no CDI kind; vendor\/class would be right/,
  });
});
