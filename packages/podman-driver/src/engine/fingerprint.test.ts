import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodmanInfo } from "@driver/libpod";
import type { Fingerprint } from "@driver/nomad-plugin";
import { openPolicy, strictPolicy, type OperatorPolicy } from "../config/operator-policy.ts";
import { toFingerprint, withoutFormer, type NamedProbe } from "./fingerprint.ts";

const info: PodmanInfo = {
  version: "4.3.1",
  os: "linux",
  arch: "amd64",
  rootless: false,
  selinuxEnabled: false,
  apparmorEnabled: true,
  seccompEnabled: true,
  capabilities: "CAP_CHOWN",
  remoteSocketPath: "unix:///run/podman/podman.sock",
  cgroupVersion: "v2",
  cgroupManager: "systemd",
  cgroupControllers: ["cpu"],
  networkBackend: "netavark",
  rootlessNetworkCommand: "pasta",
  conmon: { name: "", path: "/usr/bin/conmon", version: "conmon version 2.1.12" },
  ociRuntime: { name: "crun", path: "/usr/bin/crun", version: "crun version 1.21" },
  storage: { driver: "overlay", graphRoot: "/g", runRoot: "/r", imageCopyTmpDir: "/var/tmp" },
};
const findings = { version: "4.3.1", info, runtimes: ["crun", "runc"], cdiDevices: [] };
const up = (name: string, isDefault: boolean): NamedProbe => ({ name, isDefault, findings });
const down = (name: string, isDefault: boolean): NamedProbe => ({ name, isDefault, failure: `nothing listens on ${name}` });
const fingerprintOf = (probes: readonly NamedProbe[], seenBefore: boolean, policy: OperatorPolicy = openPolicy): Fingerprint =>
  toFingerprint(probes, { seenBefore, policy });

test("is healthy and names the service's properties", () => {
  assert.deepEqual(fingerprintOf([up("default", true)], false), {
    health: "healthy",
    healthDescription: "Healthy",
    attributes: {
      "driver.podman": true,
      "driver.podman.privileged.enabled": true,
      "driver.podman.volumes.enabled": true,
      "driver.podman.health": "healthy",
      "driver.podman.healthDescription": "Healthy",
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
      "driver.podman.os_type": "linux",
      "driver.podman.cgroupManager": "systemd",
      "driver.podman.cgroupControllers": "cpu",
      "driver.podman.runtimes": "crun,runc",
      "driver.podman.networkBackend": "netavark",
      "driver.podman.storageDriver": "overlay",
    },
  });
});

test("gives each other service a prefix of its own that Nomad can take", () => {
  const { attributes } = fingerprintOf([up("default", true), up("my.app-1", false)], false);
  assert.equal(attributes["driver.podman.my_app_1.version"], "4.3.1");
  assert.equal(attributes["driver.podman.my_app_1.defaultPodman"], false);
  // The Go driver goes by bytes, of which an umlaut has two.
  assert.equal(fingerprintOf([up("default", true), up("büro", false)], false).attributes["driver.podman.b__ro.socketName"], "büro");
});

test("tells a engine without Podman from one whose Podman has gone", () => {
  const never = fingerprintOf([down("default", true)], false);
  assert.equal(never.health, "undetected");
  assert.equal(never.healthDescription, "Podman does not answer: default: nothing listens on default");
  assert.deepEqual(Object.entries(never.attributes).filter(([name]) => !name.endsWith(".enabled")), [
    ["driver.podman", false],
    ["driver.podman.health", "unhealthy"],
    ["driver.podman.healthDescription", "nothing listens on default"],
  ]);
  assert.equal(fingerprintOf([down("default", true)], true).health, "unhealthy");
});

test("names another Podman that there is when none answers, and else does not look for one", () => {
  const findOthers = (): readonly string[] => ["/run/user/1000/podman/podman.sock", "/run/user/7/podman/podman.sock"];
  const { healthDescription } = toFingerprint([down("default", true)], { seenBefore: false, policy: openPolicy, findOthers });
  assert.equal(
    healthDescription,
    "Podman does not answer: default: nothing listens on default; a Podman that the plugin's config does not name listens on " +
      "/run/user/1000/podman/podman.sock, /run/user/7/podman/podman.sock",
  );
  const some = [down("default", true), up("app", false)];
  toFingerprint(some, { seenBefore: false, policy: openPolicy, findOthers: () => assert.fail("looked for") });
});

test("stays healthy without one of several services, unless it is the default one", () => {
  const one = fingerprintOf([up("default", true), down("app", false)], true);
  assert.equal(one.health, "healthy");
  assert.equal(one.healthDescription, "some Podman sockets do not answer: app: nothing listens on app");
  assert.equal(one.attributes["driver.podman.app.health"], "unhealthy");
  assert.equal(one.attributes["driver.podman.app.healthDescription"], "nothing listens on app");
  assert.equal(fingerprintOf([down("default", true), up("app", false)], true).health, "unhealthy");
});

test("what is known of a service that is away stays known, as Nomad keeps it", () => {
  const { attributes: before } = fingerprintOf([up("default", true), up("app", false)], true);
  const { attributes } = fingerprintOf([up("default", true), { ...up("app", false), ...down("app", false) }], true);
  assert.deepEqual(attributes, {
    ...before,
    "driver.podman.app.health": "unhealthy",
    "driver.podman.app.healthDescription": "nothing listens on app",
  });
});

test("an attribute that is none any more is told as empty from then on, by which Nomad removes it", () => {
  const [former, now] = [fingerprintOf([up("default", true), up("app", false)], true), fingerprintOf([up("default", true)], true)];
  const { health, attributes } = withoutFormer(now, { ...former.attributes, "driver.podman.cdiDevices": "nvidia.com/gpu=0" });
  assert.deepEqual([health, attributes["driver.podman.version"]], ["healthy", "4.3.1"]);
  for (const name of ["app.version", "app.health", "cdiDevices"]) assert.equal(attributes[`driver.podman.${name}`], "", name);
  assert.deepEqual(withoutFormer(now, attributes).attributes, attributes);
  assert.deepEqual(withoutFormer(now, {}), now);
});

test("describes the same failures in the same words, in whatever order they are found", () => {
  const probes = [down("b", false), down("a", true), up("c", false)];
  assert.equal(fingerprintOf(probes, true).healthDescription, fingerprintOf(probes.toReversed(), true).healthDescription);
});

test("leaves out what the service does not say", () => {
  const quiet: NamedProbe = {
    name: "default",
    isDefault: true,
    findings: {
      ...findings,
      version: "3.0.1",
      info: { ...info, networkBackend: "", remoteSocketPath: "", ociRuntime: { ...info.ociRuntime, path: "" } },
    },
  };
  const { attributes } = fingerprintOf([quiet], false);
  for (const name of ["socket", "ociRuntime", "networkBackend", "rootlessNetworkCmd", "cdiDevices"]) {
    assert.ok(!(`driver.podman.${name}` in attributes), name);
  }
});

test("tells what tasks may ask for, under the names of Nomad's Docker driver", () => {
  const limited = { ...strictPolicy, volumes: { isEnabled: false, allowedPaths: [] }, pidsLimit: 500 };
  const { attributes } = fingerprintOf([up("default", true)], false, limited);
  const named = ["privileged.enabled", "volumes.enabled", "pids.limit"].map((name) => attributes[`driver.podman.${name}`]);
  assert.deepEqual(named, [false, false, 500n]);
  assert.ok(!("driver.podman.pids.limit" in fingerprintOf([up("default", true)], false).attributes));
});

test("tells a rootless service's network command, and the CDI devices there are", () => {
  const rootless: NamedProbe = {
    name: "app",
    isDefault: false,
    findings: { ...findings, info: { ...info, rootless: true }, cdiDevices: ["nvidia.com/gpu=0", "nvidia.com/gpu=all"] },
  };
  const { attributes } = fingerprintOf([up("default", true), rootless], false);
  assert.equal(attributes["driver.podman.app.rootlessNetworkCmd"], "pasta");
  assert.equal(attributes["driver.podman.app.cdiDevices"], "nvidia.com/gpu=0,nvidia.com/gpu=all");
});
