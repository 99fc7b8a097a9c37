import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, type HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { planOf } from "../../test/plan-of.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";

/** What becomes of a wish that some Podman drops without a word. */
type Outcome =
  /** Refused before anything is made. */
  | { readonly refused: RegExp }
  /** A task event. */
  | { readonly told: RegExp }
  /** The container is looked at before it starts. */
  | { readonly verified: true };

interface Row {
  /** What Podman does with it. */
  readonly fact: string;
  readonly config: HclRecord;
  readonly facts?: Partial<EngineFacts>;
  readonly outcome: Outcome;
}

const [older, newer] = [{ version: "4.3.1" }, { version: "6.1.1" }];
const second = { cgroupVersion: "v2", version: "5.4.2" };

/** Each place where Podman 4.3 to 6.1 was seen to answer "created" and to do something else. */
const rows: readonly Row[] = [
  { fact: "auto without its second key is the host's user namespace", config: { userns: "auto" }, outcome: { verified: true } },
  { fact: "maps without their mode are ignored", config: { userns: "private", uidmap: ["0:100000:65536"] }, outcome: { verified: true } },
  {
    fact: "maps without their mode are ignored",
    config: { uidmap: ["0:100000:65536"] },
    outcome: { refused: /set userns = "private" as well/ },
  },
  {
    fact: "keep-id of root maps each id to itself (5.4 and later)",
    config: { userns: "keep-id" },
    facts: newer,
    outcome: { told: /isolates nothing here/ },
  },
  {
    fact: "the runtime is ignored up to 5.8",
    config: { runtime: "crun" },
    facts: { ...older, ociRuntime: "runc" },
    outcome: { refused: /runtime: "crun" needs Podman 6/ },
  },
  {
    fact: "the runtime is ignored up to 5.8",
    config: { runtime: "runc" },
    facts: { ...older, ociRuntime: "runc" },
    outcome: { verified: true },
  },
  {
    fact: "SubPath is ignored on 4.3",
    config: { mount: [{ source: "v", target: "/v", volume_options: { subpath: "a" } }] },
    facts: older,
    outcome: { refused: /subpath: "a" needs Podman 5\.0/ },
  },
  {
    fact: "cap_drop of a privileged container is ignored",
    config: { privileged: true, cap_drop: ["NET_RAW"] },
    outcome: { refused: /cap_drop: .* has no effect beside privileged/ },
  },
  {
    fact: "groups beside keep-groups are dropped",
    config: { group_add: ["keep-groups", "1000"] },
    outcome: { refused: /has no effect beside keep-groups/ },
  },
  { fact: "keep-groups is nothing to runc", config: { group_add: ["keep-groups"] }, outcome: { verified: true } },
  {
    fact: "a start-up check is unknown to 4.3",
    config: { healthcheck: { test: "x", startup: { test: "x" } } },
    facts: older,
    outcome: { refused: /healthcheck\.startup: needs Podman 4\.5/ },
  },
  { fact: "init_path alone does nothing", config: { init_path: "/x" }, outcome: { told: /init_path is not used/ } },
  {
    fact: "places of devices of a privileged container are ignored on 4.3",
    config: { privileged: true, devices: ["/dev/a:/dev/b"] },
    facts: older,
    outcome: { told: /devices\[0\].* has no effect/ },
  },
  {
    fact: "ports are dropped on the host's network",
    config: { network_mode: "host", ports: ["http"] },
    outcome: { told: /ports are not published/ },
  },
  {
    fact: "ports are dropped without a network",
    config: { network_mode: "none", ports: ["http"] },
    outcome: { told: /ports are not published/ },
  },
  {
    fact: "ports are dropped on another container's network",
    config: { network_mode: "task:db", ports: ["http"] },
    outcome: { told: /ports are not published/ },
  },
  {
    fact: "names on the default network do nothing",
    config: { network_aliases: ["db"] },
    outcome: { told: /network_aliases may have no effect/ },
  },
  {
    fact: "name servers without a network make no resolv.conf",
    config: { network_mode: "none", dns_servers: ["192.0.2.1"] },
    outcome: { told: /dns_servers is not used/ },
  },
  {
    fact: "name servers on another container's network are ignored",
    config: { network_mode: "task:db", dns_servers: ["192.0.2.1"] },
    outcome: { told: /dns_servers is not used/ },
  },
  {
    fact: "host-gateway is written down as it is on 4.3",
    config: { extra_hosts: ["h:host-gateway"] },
    facts: older,
    outcome: { refused: /host-gateway" needs Podman 4\.7/ },
  },
  {
    fact: "an address of a hosts entry is not checked",
    config: { extra_hosts: ["h:nonsense"] },
    outcome: { refused: /has no IP address behind the first colon/ },
  },
  {
    fact: "shm_size beside a joined IPC namespace is ignored (4.3)",
    config: { ipc_mode: "task:db", shm_size: "64m" },
    outcome: { refused: /shm_size: cannot be set with ipc_mode/ },
  },
  { fact: "idmap is ignored by runc 1.1", config: { volumes: ["/a:/b:idmap"] }, outcome: { verified: true } },
  {
    fact: "U on a volume is ignored by 4.3",
    config: { volume_driver: "local", volumes: ["v:/v:U"] },
    facts: older,
    outcome: { refused: /option U, which needs Podman 5\.0/ },
  },
  { fact: "ro of an overlay is ignored", config: { volumes: ["/a:/b:O,ro"] }, outcome: { refused: /ro, which is not for an overlay/ } },
  {
    fact: "a relative source is one in Podman's own folder",
    config: { volumes: ["relative:/b:wat"] },
    outcome: { refused: /unknown mount option "wat"/ },
  },
  {
    fact: "a destination twice, one an overlay, is not noticed",
    config: { volumes: ["/a:/b:O", "/c:/b"] },
    outcome: { refused: /is mounted at \/b, where volumes\[0\] is already/ },
  },
  {
    fact: "swappiness fails on cgroup v2",
    config: { memory_swappiness: 5 },
    facts: second,
    outcome: { told: /memory_swappiness is not applied/ },
  },
  { fact: "cgroup_conf needs cgroup v2", config: { cgroup_conf: [{ "memory.high": "1" }] }, outcome: { refused: /needs cgroup v2/ } },
  { fact: "a period without a quota is none", config: { cpu_cfs_period: 50_000 }, outcome: { told: /cpu_cfs_period is not used/ } },
  { fact: "labels without SELinux are ignored", config: { selinux_opts: ["type:x"] }, outcome: { refused: /needs SELinux/ } },
  {
    fact: "label=nested is unknown to 4.3",
    config: { security_opt: ["label=nested"] },
    facts: older,
    outcome: { refused: /label=nested" needs Podman 5\.0/ },
  },
  {
    fact: "a relative path of mask does nothing",
    config: { security_opt: ["mask=proc/x"] },
    outcome: { refused: /has a path that is not absolute/ },
  },
  {
    fact: "two secrets at one place: one wins",
    config: {
      secrets: [
        { name: "a", target: "x" },
        { name: "b", target: "x" },
      ],
    },
    outcome: { refused: /secrets\[1\]: is the second for/ },
  },
  {
    fact: "the second of two rates for a device wins",
    config: { device_read_bps: ["/dev/a:1", "/dev/a:2"] },
    outcome: { refused: /is the second figure/ },
  },
];

const ports = [{ label: "http", hostPort: 20_001, to: 80, hostIp: "" }];
const task = { resources: { ...plainTask().resources, ports } };

describe("what Podman would drop without a word", () => {
  for (const { fact, config, facts = {}, outcome } of rows) {
    test(`${fact}: ${JSON.stringify(config)}`, () => {
      const plan = (): ReturnType<typeof planOf> => planOf({ config, facts, task });
      if ("refused" in outcome) {
        assert.throws(plan, (error) => error instanceof DriverError && outcome.refused.test(error.message), String(outcome.refused));
      }
      else if ("told" in outcome) assert.match(plan().notices.join("\n"), outcome.told);
      else assert.notEqual(plan().findShortfalls, undefined);
    });
  }

  test("is looked for in no container of a task that asks for nothing of the kind", () => {
    const { findShortfalls, notices } = planOf({
      config: { command: "sh", volumes: ["local:/x"], cap_add: ["NET_ADMIN"], memory_swap: "300m" },
      task,
    });
    assert.deepEqual([findShortfalls, notices], [undefined, []]);
  });
});
