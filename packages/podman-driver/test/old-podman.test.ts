import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { DriverRig, testSetting } from "@driver/testing";

const podman = new PodmanClient({ socketPath: testSetting("TEST_PODMAN_SOCKET") });
const { version } = await podman.info(AbortSignal.timeout(60_000)).finally(() => podman.close());
const isOld = Number.parseInt(version, 10) < 4;
const when = { skip: isOld ? false : `needs a Podman before 4.0, as npm run test:matrix has one; ${version} runs` };

/** What the API of Podman 3.0 takes and forgets, or does not do. */
const rows: readonly { readonly config: HclRecord; readonly message: RegExp }[] = [
  { config: { secrets: [{ name: "db" }] }, message: /config key secrets\[0\]: needs Podman 3\.3, and 3\.0\.1 runs, which would drop it/ },
  { config: { secrets: [{ name: "db", env: "PASSWORD" }] }, message: /config key secrets\[0\]: needs Podman 3\.3/ },
  {
    config: { network_mode: "", networks: [{ name: "front" }] },
    message: /config key networks\[0\]\S*: .*needs Podman 4\.0, and 3\.0\.1 runs/,
  },
  { config: { network_mode: "front" }, message: /config key network_mode: .*needs Podman 4\.0, and 3\.0\.1 runs/ },
  { config: { network_mode: "bridge", mac_address: "02:42:ac:11:00:02" }, message: /config key \w+: needs Podman 4\.0, and 3\.0\.1 runs/ },
  { config: { storage_opt: { size: "64m" } }, message: /config key storage_opt: needs Podman 4\.0, and 3\.0\.1 runs/ },
  {
    config: { work_dir: "/made/by/docker" },
    message: /the task's config has work_dir = "\/made\/by\/docker", which this Podman does not make: it must be a folder of the image/,
  },
];
for (const { config, message } of rows) {
  test(`an old Podman is not asked in vain for ${JSON.stringify(config)}`, when, async () => {
    await using rig = await DriverRig.start();
    await assert.rejects(rig.runScript("true", { config }), message);
  });
}

test("an old Podman starts in a folder that the image has", when, async () => {
  assert.equal(await DriverRig.outputOf("pwd", { config: { work_dir: "/home/app" } }), "/home/app\n");
});
