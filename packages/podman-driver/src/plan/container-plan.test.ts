import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeMsgpack, type HclRecord, type TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { asWritten, decodedOf, planOf, plainFacts, plainSettings, specOf } from "../../test/plan-of.ts";
import type { Met } from "../topics/met.ts";
import { planContainer } from "./container-plan.ts";
import { defaultImageSettings, type ImageSettings } from "../config/image-settings.ts";

test("asks for no more than the task does", () => {
  const { name, spec, notices } = planOf();
  assert.deepEqual(Object.keys(spec).toSorted(), ["env", "labels", "log_configuration", "mounts", "name", "netns", "resource_limits"]);
  assert.deepEqual(
    [name, spec.name, spec.netns],
    ["web-5e1f0000-0000-4000-8000-000000000001", "web-5e1f0000-0000-4000-8000-000000000001", { nsmode: "bridge" }],
  );
  assert.deepEqual(notices, []);
});

test("carries what the task asks for", () => {
  const spec = specOf({
    config: { command: "sh", args: ["-c", "x"], working_dir: "/w", hostname: "h", labels: [{ app: "x" }] },
    task: { user: "1000:1000", env: { A: "b" }, devices: [{ hostPath: "/dev/a", taskPath: "/dev/b", cgroupPermissions: "rw" }] },
    settings: { dnsServers: ["192.0.2.1"] },
  });
  assert.deepEqual(
    [spec.command, spec.work_dir, spec.hostname, spec.user, spec.env],
    [["sh", "-c", "x"], "/w", "h", "1000:1000", { A: "b" }],
  );
  assert.deepEqual([spec.devices, spec.dns_server, spec.labels?.["app"]], [[{ path: "/dev/a:/dev/b:rw" }], ["192.0.2.1"], "x"]);
});

const plainNeed = {
  kind: "image",
  checksum: undefined,
  policy: "missing",
  platform: undefined,
  login: undefined,
  tlsVerify: undefined,
  skipsFailingAuth: false,
  pullTimeoutMs: 300_000,
};
const busybox = { kind: "registry", reference: "busybox", isLocal: false };
const images: readonly { readonly config: HclRecord; readonly settings?: Partial<ImageSettings>; readonly need: object }[] = [
  { config: {}, need: {} },
  { config: { image: "docker://busybox" }, need: { source: { ...busybox, reference: "docker.io/library/busybox:latest" } } },
  { config: { force_pull: true, image_pull_timeout: "90s" }, need: { policy: "always", pullTimeoutMs: 90_000 } },
  { config: { force_pull: true, image_pull_policy: "always" }, need: { policy: "always" } },
  { config: { image_pull_policy: "newer" }, need: { policy: "newer" } },
  { config: { image_pull_timeout: "1000h" }, need: { pullTimeoutMs: 2_147_483_647 } },
  { config: { image_pull_timeout: "0" }, need: { pullTimeoutMs: Infinity } },
  { config: {}, settings: { pullTimeoutMs: 7 }, need: { pullTimeoutMs: 7 } },
  { config: { image_pull_timeout: "1s" }, settings: { pullTimeoutMs: 7 }, need: { pullTimeoutMs: 1000 } },
  { config: { arch: "aarch64", variant: "v8" }, need: { platform: { architecture: "arm64", os: "", variant: "v8" } } },
  { config: { auth: { tls_verify: true } }, need: { tlsVerify: true } },
  { config: { auth: { username: "", password: "", server_address: "r.io" } }, need: {} },
  {
    config: { auth: { username: "u", password: "p" }, auth_soft_fail: true },
    need: { login: { username: "u", password: "p", server: undefined }, skipsFailingAuth: true },
  },
  {
    config: { auth: { username: "u", password: "p", server_address: "https://index.docker.io/v1/" } },
    need: { login: { username: "u", password: "p", server: { host: "docker.io", path: "", isUrl: true } } },
  },
];
for (const { config, settings, need } of images) {
  test(`needs the image of ${JSON.stringify(config)}${settings === undefined ? "" : " with the operator's time-out"}`, () => {
    const { needs, spec } = planOf({ config, settings: { images: { ...defaultImageSettings, ...settings } } });
    assert.deepEqual([needs, "image" in spec], [[{ ...plainNeed, source: busybox, ...need }], false]);
  });
}

test("gives all notices of all topics", () => {
  const own = { device: "", cidr: "", ip: "", reservedPorts: [{ label: "http", port: 80 }], dynamicPorts: [] };
  const task: Partial<TaskConfig> = {
    networkIsolation: { mode: "group", path: "/n", labels: {} },
    resources: { ...plainTask().resources, networks: [own] },
  };
  const { notices } = planOf({ config: { network_mode: "host" }, task });
  assert.equal(notices.length, 2);
  assert.match(notices.join("\n"), /^network_mode "host" is not used: .*\n.*resources\.network.*"http"/);
});

test("names all that the engine cannot do", () => {
  const task: Partial<TaskConfig> = { networkIsolation: { mode: "group", path: "/n", labels: {} } };
  const facts = { rootless: true, cgroupControllers: ["memory"] };
  assert.throws(() => planOf({ config: { cgroup_conf: [{ "memory.high": "1" }] }, task, facts }), {
    code: "config-invalid",
    message:
      /^the config has 2 mistakes: \(1\) .* cgroup_conf: "memory\.high" needs cgroup v2.* \(2\) .* network: a rootless Podman cannot join/,
  });
});

describe("the spec is made of what the needs have come to", () => {
  const { allocId } = plainTask();
  const specWith = (config: HclRecord, met: Partial<Met>): ReturnType<typeof specOf> => planOf({ config }, { ...asWritten, ...met }).spec;

  test("the image, if there is one", () => {
    assert.equal(specWith({}, { image: "sha" }).image, "sha");
    assert.ok(!("image" in specWith({}, {})));
  });

  test("paths, where they lead to, wherever they stand", () => {
    const config = {
      image: "rootfs:/srv/link",
      volumes: ["/srv/link:/data:ro", "/srv/link:/over:O", "/srv/other:/other"],
      devices: ["/srv/link:/dev/x:r"],
    };
    const { rootfs, mounts = [], devices, overlay_volumes: overlays } = specWith(config, { paths: new Map([["/srv/link", "/srv/real"]]) });
    assert.deepEqual(
      [rootfs, mounts.slice(-2).map(({ source }) => source), devices, overlays?.map(({ source }) => source)],
      ["/srv/real", ["/srv/real", "/srv/other"], [{ path: "/srv/real:/dev/x:r" }], ["/srv/real"]],
    );
  });

  test("the containers of other tasks, by id", () => {
    const keys = { network_mode: "netns", ipc_mode: "ipcns", pid_mode: "pidns", uts_mode: "utsns", cgroupns: "cgroupns", userns: "userns" };
    for (const [key, field] of Object.entries(keys)) {
      const spec = specWith({ [key]: "task:db" }, { containers: new Map([[`db-${allocId}`, "id"]]) });
      assert.deepEqual(spec[field as keyof typeof spec], { nsmode: "container", value: "id" }, key);
    }
  });
});

test("names all that is mounted of the host, and guards it where the operator judges paths", () => {
  const config = { image: "rootfs:/srv/root", volumes: ["/srv/a:/a", "/srv/b:/b:O"], tmpfs: ["/t"] };
  const { binds, guardsBinds } = planOf({ config });
  assert.deepEqual(binds.map(({ destination }) => destination).toSorted(), ["/", "/a", "/alloc", "/local", "/secrets"]);
  const volumes = { isEnabled: true, allowedPaths: ["/srv", "/srv/b"] };
  const policy = { ...plainSettings.policy, volumes };
  assert.equal(guardsBinds, false);
  assert.deepEqual([config, {}].map((one) => planOf({ config: one, settings: { policy } }).guardsBinds), [true, false]);
});

test("changes nothing it is given", () => {
  const task = plainTask({ driverConfig: encodeMsgpack({ image: "busybox" }) });
  const given = { task, decoded: decodedOf(), settings: plainSettings, facts: plainFacts, socketName: "default" };
  const before = structuredClone(given);
  planContainer(given);
  assert.deepEqual(given, before);
});
