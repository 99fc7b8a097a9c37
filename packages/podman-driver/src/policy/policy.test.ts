import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeMsgpack, type HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { mistakesOf, specOf } from "../../test/plan-of.ts";
import { strictPolicy } from "../config/operator-policy.ts";
import { resolveDriverConfig } from "../config/driver-config.ts";
import type { OperatorPolicy } from "../config/operator-policy.ts";

const { allocId } = plainTask();
const policyOf = (config: HclRecord): OperatorPolicy =>
  resolveDriverConfig({ msgpack: encodeMsgpack(config), apiVersion: "" }, { uid: 0, findUser: () => undefined }).settings.policy;
const refusalsOf = (plugin: HclRecord, config: HclRecord): readonly string[] =>
  mistakesOf({ config, settings: { policy: policyOf(plugin) } });

interface Row {
  readonly plugin: HclRecord;
  readonly config: HclRecord;
  /** Undefined: allowed. */
  readonly says?: RegExp;
}

const privileged = { privileged: true };
const strict = { policy: "strict" };
const rows: readonly Row[] = [
  { plugin: {}, config: { privileged: true, cap_add: ["ALL"], userns: "host" } },
  {
    plugin: { allow_privileged: false },
    config: privileged,
    says: /^privileged > config key privileged: true is not allowed .*operator .* with allow_privileged = true in the plugin's config$/,
  },
  { plugin: { allow_privileged: false }, config: { privileged: false } },
  { plugin: { allow_caps: ["net_admin", "CAP_CHOWN"] }, config: { cap_add: ["NET_ADMIN"] } },
  {
    plugin: { allow_caps: ["net_admin"] },
    config: { cap_add: ["net_raw"] },
    says: /^cap_add > .*"NET_RAW" is not allowed on this client, which allows NET_ADMIN; .* with "NET_RAW" in allow_caps/,
  },
  { plugin: { allow_caps: ["CHOWN"] }, config: { cap_add: ["all"] }, says: /"ALL" is not allowed.* with "ALL" in allow_caps/ },
  { plugin: { allow_caps: ["all"] }, config: { cap_add: ["all"], privileged: true } },
  { plugin: { allow_caps: ["all"] }, config: { cap_add: ["NET_ADMIN"] } },
  { plugin: { allow_caps: ["none"] }, config: { cap_add: ["CHOWN"] }, says: /which allows none/ },
  // What `privileged` would undo is not to be undone by a job.
  { plugin: { allow_caps: ["CHOWN"] }, config: privileged, says: /allow_privileged = true/ },
  { plugin: { allow_unconfined: false }, config: privileged, says: /allow_privileged = true/ },
  { plugin: { allow_devices: ["/dev/dri/*"] }, config: privileged, says: /allow_privileged = true/ },
  { plugin: { allow_caps: ["CHOWN"], allow_privileged: true }, config: privileged },
  { plugin: { allowed_modes: { userns: ["auto*"] } }, config: { userns: "auto:size=5" } },
  {
    plugin: { allowed_modes: { userns: ["auto*"] } },
    config: { userns_mode: "host" },
    says: /^userns_mode > .*"host" is a mode that is not allowed .*, which allows auto\*; .* with "host" in allowed_modes\.userns/,
  },
  {
    plugin: { allowed_modes: { userns: ["auto*"] } },
    config: {},
    says: /^userns > config key userns: is not set, and the mode default is not allowed.* with "default" in allowed_modes\.userns/,
  },
  { plugin: { allowed_modes: { userns: ["!host"] } }, config: {}, says: /is not set/ },
  { plugin: { allowed_modes: { userns: ["!host"] } }, config: { userns: "auto" } },
  { plugin: { allowed_modes: { userns: ["*", "!host"] } }, config: { userns: "host" }, says: /"host" is a mode/ },
  { plugin: { allowed_modes: { userns: ["*", "!host"] } }, config: { userns: "auto" } },
  // As in an agent file for Docker, where a task that sets nothing is always let through.
  { plugin: { allowed_modes: { userns: ["host"] } }, config: {} },
  { plugin: { allowed_modes: { userns: [] } }, config: { userns: "host" } },
  { plugin: { allowed_modes: { userns: ["task:*"] } }, config: { userns: `container:db-${allocId}` } },
  { plugin: { allowed_modes: { userns: ["task:*"] } }, config: { userns: "container:db" }, says: /"container:db" is a mode/ },
  { plugin: {}, config: { image: "docker-archive:https://files.example.com/app.tar" } },
  { plugin: { allow_image_urls: [] }, config: { image: "docker-archive:https://files.example.com/app.tar" } },
  {
    plugin: { allow_image_urls: ["https://files.example.com/*"] },
    config: { image: "oci-archive:https://FILES.example.com/a/app.tar?token=x" },
  },
  {
    plugin: { allow_image_urls: ["https://files.example.com/*"] },
    config: { image: "redis:7", load: "https://other.example.com/app.tar" },
    says: /^load > .*"https:\/\/other\.example\.com\/app\.tar" is .* allows https:\/\/files\.example\.com\/\*; .* in allow_image_urls/,
  },
  {
    plugin: { allow_image_urls: ["https://files.example.com/*"] },
    config: { image: "oci-archive:https://files.example.com:8443/app.tar" },
    says: /in allow_image_urls/,
  },
  {
    plugin: strict,
    config: { image: "oci-archive:https://files.example.com/app.tar?token=geheim" },
    says: /^image > (?!.*geheim).*which allows none; .* with "https:\/\/files\.example\.com\/app\.tar" in allow_image_urls/,
  },
  { plugin: strict, config: { image: "https://registry.example.com/app:1" } },
  { plugin: { allow_unconfined: false }, config: { security_opt: ["label=nested"] }, says: /"label=nested" lifts Podman's SELinux label/ },
  {
    plugin: { allow_unconfined: false },
    config: { cgroup_conf: [{ "memory.high": "max" }] },
    says: /^cgroup_conf > .*"memory\.high" lifts what else limits the task's cgroup, which is not allowed on this client/,
  },
  { plugin: { volumes: { enabled: false } }, config: { image: "rootfs:local/root" } },
  { plugin: { volumes: { enabled: false } }, config: { image: "rootfs:local/root:O" }, says: /^image > .* as a folder of an overlay/ },
  {
    plugin: { volumes: { enabled: false } },
    config: { image: "rootfs:/srv/root" },
    says: /^image > .*asks for \/srv\/root, outside the allocation's folder/,
  },
  { plugin: { volumes: { enabled: false } }, config: { image: "docker-archive:local/app.tar" } },
  {
    plugin: { volumes: { enabled: false } },
    config: { image: "docker-archive:/srv/app.tar:app:1" },
    says: /^image > .*asks for \/srv\/app\.tar, outside the allocation's folder/,
  },
  {
    plugin: { volumes: { allowed_paths: ["/srv"] } },
    config: { image: "app:1", load: "/etc/app.tar" },
    says: /^load > .*asks for \/etc\/app\.tar, .* allows \/srv alone/,
  },
  { plugin: { volumes: { allowed_paths: ["/srv"] } }, config: { image: "oci-archive:/srv/app.tar" } },
  { plugin: { allowed_sockets: ["default"] }, config: {} },
  { plugin: { allowed_sockets: ["app*"] }, config: { socket: "app2" } },
  { plugin: { allowed_sockets: ["app*"] }, config: {}, says: /^socket > config key socket: "default" is not allowed/ },
  {
    plugin: {
      socket: [
        { name: "app", socket_path: "/a.sock" },
        { name: "root", socket_path: "/b.sock" },
      ],
      allowed_sockets: ["app"],
    },
    config: {},
  },
  {
    plugin: {
      socket: [
        { name: "root", socket_path: "/a.sock" },
        { name: "app", socket_path: "/b.sock" },
      ],
      allowed_sockets: ["app"],
    },
    config: { socket: "default" },
    says: /"root" is not allowed/,
  },
  { plugin: { allow_runtimes: ["crun*"] }, config: { runtime: "crun-vm" } },
  {
    plugin: { allow_runtimes: ["crun"] },
    config: { oci_runtime: "crun-vm" },
    says: /^oci_runtime > .*"crun-vm" is not allowed on this client, which allows crun; .* with "crun-vm" in allow_runtimes/,
  },
  {
    plugin: { allow_runtimes: ["crun"] },
    config: { annotations: [{ "run.oci.handler": "krun" }] },
    says: /^annotations > .*"run\.oci\.handler" may be an order to the OCI runtime.* with allow_runtimes = \["\*"\]/,
  },
  { plugin: { allow_runtimes: ["*"] }, config: { annotations: [{ "run.oci.handler": "krun" }], runtime: "kata" } },
  ...[
    "seccomp=unconfined",
    "seccomp=/own.json",
    "apparmor=unconfined",
    "label=disable",
    "systempaths=unconfined",
    "unmask=/proc/kcore",
    "proc-opts=hidepid=0",
  ].map((option) => ({
    plugin: { allow_unconfined: false },
    config: { security_opt: [option] },
    says: /^security_opt > .* lifts .*, which is not allowed on this client; .* with allow_unconfined = true/,
  })),
  { plugin: { allow_unconfined: false }, config: { security_opt: ["no-new-privileges", "mask=/proc/version"] } },
  { plugin: { allow_unconfined: false }, config: { apparmor_profile: "unconfined" }, says: /allow_unconfined/ },
  { plugin: { allow_unconfined: false }, config: { selinux_opts: ["disable"] }, says: /allow_unconfined/ },
  { plugin: { allow_unconfined: false }, config: { group_add: ["keep-groups"] }, says: /^group_add > .*allow_unconfined/ },
  { plugin: { allow_unconfined: false }, config: { group_add: ["1000"] } },
  {
    plugin: { allowed_modes: { pid: ["task:*"] } },
    config: { pid_mode: "host" },
    says: /^pid_mode > .*"host" is a mode that is not allowed.* in allowed_modes\.pid/,
  },
  { plugin: { allowed_modes: { pid: ["task:*"] } }, config: { pid_mode: "private" } },
  { plugin: { allowed_modes: { pid: ["task:*"] } }, config: {} },
  { plugin: { allowed_modes: { ipc: ["none"] } }, config: { ipc_mode: "shareable" }, says: /"shareable" in allowed_modes\.ipc/ },
  { plugin: { allowed_modes: { uts: ["none"] } }, config: { uts_mode: "host" }, says: /"host" in allowed_modes\.uts/ },
  { plugin: { allowed_modes: { cgroup: ["none"] } }, config: { cgroupns: "host" }, says: /"host" in allowed_modes\.cgroup/ },
  { plugin: { allowed_modes: { ipc: ["ns:/run/ipc/*"] } }, config: { ipc_mode: "ns:/run/ipc/blue" } },
  {
    plugin: { allowed_modes: { ipc: ["ns:/run/ipc/*"] } },
    config: { ipc_mode: "ns:/proc/1/ns/ipc" },
    says: /"ns:\/proc\/1\/ns\/ipc" in allowed_modes\.ipc/,
  },
  {
    plugin: { allowed_modes: { network: ["!host"] } },
    config: { network_mode: "host" },
    says: /^network_mode > .*"host" in allowed_modes\.network/,
  },
  { plugin: { allowed_modes: { network: ["bridge"] } }, config: {} },
  {
    plugin: { allowed_modes: { network: ["bridge"] } },
    config: { networks: [{ name: "blue" }] },
    says: /^networks\[0\]\.name > .*"blue" is a mode that .*"blue" in allowed_modes\.network/,
  },
  { plugin: { allowed_modes: { network: ["blue"] } }, config: { networks: [{ name: "blue" }] } },
  {
    plugin: { allowed_modes: { network: ["bridge", "!blue"] } },
    config: { network_mode: "bridge", networks: [{ name: "blue" }] },
    says: /^networks\[0\]\.name > /,
  },
  {
    plugin: { allowed_modes: { network: ["bridge"] } },
    config: { network_mode: "blue" },
    says: /^network_mode > .*"blue" in allowed_modes\.network/,
  },
  { plugin: { allowed_modes: { network: ["bridge"] } }, config: { ipv4_address: "10.88.0.9" } },
  {
    plugin: { allowed_modes: { network: ["none"] } },
    config: {},
    says: /^network_mode > .* is not set, and the mode default is not allowed/,
  },
  ...["pid_mode", "ipc_mode", "uts_mode", "cgroupns", "network_mode"].map((key) => ({
    plugin: strict,
    config: { [key]: "host" },
    says: /"host" in allowed_modes/,
  })),
  ...["pid_mode", "ipc_mode", "uts_mode", "cgroupns", "userns"].flatMap((key) => [
    { plugin: strict, config: { [key]: "container:other" }, says: /"container:other" in allowed_modes/ },
    { plugin: strict, config: { [key]: "ns:/proc/1/ns/x" }, says: /"ns:\/proc\/1\/ns\/x" in allowed_modes/ },
    { plugin: strict, config: { [key]: "task:db" } },
  ]),
  { plugin: strict, config: {} },
  { plugin: strict, config: privileged, says: /allow_privileged = true/ },
  { plugin: { ...strict, allow_privileged: true }, config: privileged },
  { plugin: strict, config: { cap_add: ["NET_RAW"] }, says: /"NET_RAW" in allow_caps/ },
  { plugin: strict, config: { cap_add: ["CHOWN"], cap_drop: ["ALL"] } },
  { plugin: strict, config: { userns: "host" }, says: /"host" in allowed_modes\.userns/ },
  { plugin: strict, config: { userns: "private", uidmap: ["0:0:65536"] }, says: /"private" in allowed_modes\.userns/ },
  { plugin: strict, config: { userns: "keep-id:uid=5" } },
];

describe("the operator's policy", () => {
  for (const { plugin, config, says } of rows) {
    test(`${JSON.stringify(plugin)} ${says === undefined ? "allows" : "forbids"} ${JSON.stringify(config)}`, () => {
      const found = refusalsOf(plugin, config);
      assert.equal(found.length, says === undefined ? 0 : 1, found.join("\n"));
      if (says !== undefined) assert.match(found[0] ?? "", says);
    });
  }

  test("is told with all other mistakes", () => {
    assert.deepEqual(
      refusalsOf(strict, { privileged: true, cap_add: ["NET_ADMIN", "NOPE"], network_mode: "host:wat" }).map((text) => text.split(" ")[0]),
      ["cap_add", "network_mode", "privileged", "cap_add"],
    );
  });

  for (const [plugin, says] of [
    [{ policy: "lax" }, /policy: "lax" must be one of "open", "strict"/],
    [{ allow_caps: ["NOPE"] }, /allow_caps: "NOPE" is no capability/],
    [{ pids_limit: -1 }, /pids_limit: -1 is no limit/],
  ] as const) {
    test(`${JSON.stringify(plugin)} is refused`, () => assert.throws(() => policyOf(plugin), says));
  }
});

describe("the table of docs/policy.md", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/policy.md"), "utf8");
  const table = new Map(
    [...text.matchAll(/^\| `([a-z_.]+)` \| .* \| (.*) \|$/gm)].map(([, option = "", preset = ""]) => [
      option,
      [...preset.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word),
    ]),
  );
  const { caps = [], runtimes = [], modes } = strictPolicy;
  const preset: readonly (readonly [string, readonly string[]])[] = [
    ["allow_privileged", [String(strictPolicy.allowsPrivileged)]],
    ["allow_unconfined", [String(strictPolicy.allowsUnconfined)]],
    ["allow_caps", caps],
    ["allow_runtimes", runtimes],
    ...Object.entries(modes).map(([kind, globs]) => [`allowed_modes.${kind}`, globs ?? []] as const),
    ["allow_image_urls", strictPolicy.imageUrls ?? []],
    ["allowed_sockets", strictPolicy.sockets ?? []],
    ["pids_limit", strictPolicy.pidsLimit === undefined ? [] : [String(strictPolicy.pidsLimit)]],
    ["allow_swap", [String(strictPolicy.allowsSwap)]],
  ];
  for (const [option, words] of preset) test(`says what strict sets of ${option}`, () => assert.deepEqual(table.get(option), words));
});

describe("what a container gets without asking", () => {
  const specWith = (plugin: HclRecord, config: HclRecord = {}): ReturnType<typeof specOf> =>
    specOf({ config, settings: { policy: policyOf(plugin) } });

  test("loses the capabilities that are not allowed", () => {
    assert.deepEqual(specWith(strict).cap_drop, ["NET_RAW"]);
    assert.deepEqual(specWith(strict, { cap_drop: ["NET_RAW", "MKNOD"] }).cap_drop, ["NET_RAW", "MKNOD"]);
    assert.deepEqual(specWith(strict, { cap_drop: ["ALL"] }).cap_drop, ["ALL"]);
    assert.equal(specWith({}).cap_drop, undefined);
    assert.equal(specWith({ allow_caps: ["all"] }).cap_drop, undefined);
    assert.equal(specWith({ allow_caps: ["none"] }).cap_drop?.length, 14);
  });

  test("keeps what a privileged container is allowed to have", () => {
    assert.equal(specWith({ ...strict, allow_privileged: true }, privileged).cap_drop, undefined);
  });

  test("has no more processes than allowed", () => {
    assert.deepEqual(specWith({ pids_limit: 100 }).resource_limits?.pids, { limit: 100 });
    assert.equal(specWith({ pids_limit: 0 }).resource_limits?.pids, undefined);
    for (const most of [60, 100]) {
      assert.deepEqual(specWith({ pids_limit: most }, { pids_limit: 60 }).resource_limits?.pids, { limit: 60 });
    }
    assert.throws(() => specWith({ pids_limit: 100 }, { pids_limit: 101 }), {
      code: "config-invalid",
      message:
        "config key pids_limit: 101 is more than the 100 that this client allows; the client's operator can allow it with pids_limit in " +
        "the plugin's config",
    });
  });

  test("has as many processes as the operator allows, or is not started where its engine cannot hold them", () => {
    const facts = { rootless: true, cgroupVersion: "v2", cgroupControllers: ["cpu", "memory"] };
    const message = /^config key pids_limit: needs the cgroup controller pids, and this rootless Podman has cpu, memory; have systemd/;
    for (const config of [{}, { pids_limit: 60 }]) {
      assert.throws(() => specOf({ config, facts, settings: { policy: policyOf({ pids_limit: 100 }) } }), { message });
      assert.equal(specOf({ config, facts }).resource_limits?.pids, undefined);
    }
  });

  test("has no swap beside its memory where the operator allows none", () => {
    const limit = 67_108_864;
    const limitsWith = (config: HclRecord): unknown => specWith({ allow_swap: false }, config).resource_limits;
    assert.deepEqual(limitsWith({}), { ...specWith({}).resource_limits, memory: { limit, swap: limit } });
    assert.deepEqual(limitsWith({ memory_swap: "0" }), { ...specWith({}).resource_limits, memory: { limit, swap: limit } });
    assert.deepEqual(specWith({ allow_swap: true }).resource_limits?.memory, { limit });
  });

  test("has no limit of swap without one of memory, since Podman takes none", () => {
    const resources = { ...plainTask().resources, memoryMaxMb: -1 };
    const { resource_limits: limits } = specOf({ task: { resources }, settings: { policy: policyOf({ allow_swap: false }) } });
    assert.deepEqual(limits?.memory, { reservation: 67_108_864 });
  });

  for (const swap of ["80m", "-1"]) {
    test(`is refused with memory_swap = ${swap} where the operator allows no swap`, () => {
      assert.throws(() => specWith({ allow_swap: false }, { memory_swap: swap }), {
        code: "config-invalid",
        message:
          "config key memory_swap: is not the task's memory limit of 64 MiB, and this client allows no swap; the client's operator " +
          "can allow it with allow_swap = true in the plugin's config",
      });
    });
  }
});
