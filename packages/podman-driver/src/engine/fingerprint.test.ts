import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodmanInfo } from "@driver/libpod";
import { toFingerprint, type EngineProbe } from "./fingerprint.ts";

const program = { name: "crun", path: "/usr/bin/crun", version: "1" };
const info: PodmanInfo = {
  version: "4.3.1", apiVersion: "4.3.1", os: "linux", arch: "amd64", hostname: "h", kernel: "6", distribution: "debian", distributionVersion: "12",
  cpus: 2, memoryTotalBytes: 1, rootless: false, selinuxEnabled: false, apparmorEnabled: true, seccompEnabled: true, capabilities: "CAP_CHOWN",
  remoteSocketPath: "unix:///run/podman/podman.sock", cgroupVersion: "v2", cgroupManager: "systemd", cgroupControllers: ["cpu"], eventLogger: "file",
  logDriver: "k8s-file", networkBackend: "netavark", databaseBackend: "", conmon: { ...program, name: "" }, ociRuntime: program, logDrivers: ["k8s-file"],
  storage: { driver: "overlay", graphRoot: "/g", runRoot: "/r", volumePath: "/v", imageCopyTmpDir: "/var/tmp", containerCount: 0, runningCount: 0, imageCount: 0 },
};
const up = (name: string, isDefault: boolean): EngineProbe => ({ name, isDefault, findings: { version: "4.3.1", info } });
const down = (name: string, isDefault: boolean): EngineProbe => ({ name, isDefault, failure: `nothing listens on ${name}` });

test("is healthy and names the service's properties", () => {
  assert.deepEqual(toFingerprint([up("default", true)], false), {
    health: "healthy",
    healthDescription: "Healthy",
    attributes: {
      "driver.podman": true,
      "driver.podman.health": "healthy",
      "driver.podman.defaultPodman": true,
      "driver.podman.socketName": "default",
      "driver.podman.version": "4.3.1",
      "driver.podman.appArmor": true,
      "driver.podman.capabilities": "CAP_CHOWN",
      "driver.podman.cgroupVersion": "v2",
      "driver.podman.rootless": false,
      "driver.podman.seccompEnabled": true,
      "driver.podman.selinuxEnabled": false,
      "driver.podman.ociRuntime": "/usr/bin/crun",
      "driver.podman.socket": "unix:///run/podman/podman.sock",
    },
  });
});

test("gives each other service a prefix of its own that Nomad can take", () => {
  const { attributes } = toFingerprint([up("default", true), up("my.app-1", false)], false);
  assert.equal(attributes["driver.podman.my_app_1.version"], "4.3.1");
  assert.equal(attributes["driver.podman.my_app_1.defaultPodman"], false);
});

test("tells a engine without Podman from one whose Podman has gone", () => {
  const never = toFingerprint([down("default", true)], false);
  assert.equal(never.health, "undetected");
  assert.equal(never.healthDescription, "Podman does not answer: default: nothing listens on default");
  assert.deepEqual(never.attributes, {
    "driver.podman": false,
    "driver.podman.health": "unhealthy",
    "driver.podman.healthDescription": "nothing listens on default",
  });
  assert.equal(toFingerprint([down("default", true)], true).health, "unhealthy");
});

test("stays healthy without one of several services, unless it is the default one", () => {
  const one = toFingerprint([up("default", true), down("app", false)], true);
  assert.equal(one.health, "healthy");
  assert.equal(one.healthDescription, "some Podman sockets do not answer: app: nothing listens on app");
  assert.equal(one.attributes["driver.podman.app.health"], "unhealthy");
  assert.equal(one.attributes["driver.podman.app.healthDescription"], "nothing listens on app");
  assert.equal(toFingerprint([down("default", true), up("app", false)], true).health, "unhealthy");
});

test("describes the same failures in the same words, in whatever order they are found", () => {
  const probes = [down("b", false), down("a", true), up("c", false)];
  assert.equal(toFingerprint(probes, true).healthDescription, toFingerprint(probes.toReversed(), true).healthDescription);
});

test("leaves out what the service does not say", () => {
  const quiet: EngineProbe = { name: "default", isDefault: true, findings: { version: "3.0.1", info: { ...info, remoteSocketPath: "", ociRuntime: { ...program, path: "" } } } };
  const { attributes } = toFingerprint([quiet], false);
  assert.ok(!("driver.podman.socket" in attributes) && !("driver.podman.ociRuntime" in attributes));
});
