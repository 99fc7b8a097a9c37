import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, NetworkIsolationSpec } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { groupHostsOf, planOf, specOf, type Wishes } from "../../test/plan-of.ts";
import { toIsolation } from "../topics/group-pod.ts";

const ofNomad: NetworkIsolationSpec = { mode: "group", path: "/var/run/netns/x", labels: {} };
const ofPod = toIsolation({ podId: "p1", infraId: "i1", infraPid: 42, socketName: "default", hostname: "shop" });
const hosts = { hostname: "shop", address: "192.0.2.7" };

type Part = Pick<ContainerSpec, "pod" | "netns" | "utsns" | "hostname" | "hostadd"> & {
  /** In the hosts file of the group: what the task and its group are called, at which address, and the task's own lines. */
  readonly shared?: readonly [names: string, address: string | undefined, lines?: string];
};

/** Where the group's hosts file is, as a mount. */
const hostsMount = { type: "bind", source: `${plainTask().allocDir}/hosts`, destination: "/etc/hosts", options: ["rbind"] };

function partOf(wishes: Wishes): Part {
  const { pod, netns, utsns, hostname, hostadd, mounts = [] } = specOf(wishes);
  const { names = [], address, extra = [] } = groupHostsOf(wishes) ?? {};
  const lines = extra.map((line) => `${line.address} ${line.name}`);
  const isShared = mounts.some((mount) => mount.destination === "/etc/hosts" && isDeepStrictEqual(mount, hostsMount));
  const shared = isShared ? [names.join(), address, ...(lines.length > 0 ? [lines.join()] : [])] : undefined;
  return Object.fromEntries(Object.entries({ pod, netns, utsns, hostname, hostadd, shared }).filter(([, value]) => value !== undefined));
}

const rows: readonly {
  readonly what: string;
  readonly isolation?: NetworkIsolationSpec;
  readonly config?: HclRecord;
  readonly env?: Readonly<Record<string, string>>;
  readonly part: Part;
}[] = [
  {
    what: "in a namespace of Nomad's is called as the allocation",
    isolation: ofNomad,
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "5e1f0000", shared: ["5e1f0000", undefined] },
  },
  {
    what: "is told the address of a group whose port tells it",
    isolation: ofNomad,
    env: { NOMAD_ALLOC_IP_http: "172.26.64.2", NOMAD_ALLOC_IP_odd: "x" },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "5e1f0000", shared: ["5e1f0000", "172.26.64.2"] },
  },
  {
    what: "finds the group's address under its name",
    isolation: { ...ofNomad, hosts },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "shop", shared: ["shop", "192.0.2.7"] },
  },
  {
    what: "without an address of the group finds loopback (network mode none)",
    isolation: { ...ofNomad, hosts: { hostname: "shop", address: "" } },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "shop", shared: ["shop", undefined] },
  },
  {
    what: "with a name of its own finds that too",
    isolation: { ...ofNomad, hosts },
    config: { hostname: "mine" },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "mine", shared: ["mine,shop", "192.0.2.7"] },
  },
  {
    what: "keeps the address that its own line gives its name",
    isolation: ofNomad,
    config: { hostname: "mine", extra_hosts: ["mine:192.0.2.9"] },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "mine", shared: ["", undefined, "192.0.2.9 mine"] },
  },
  {
    what: "adds lines of its own",
    isolation: { ...ofNomad, hosts },
    config: { extra_hosts: ["db:192.0.2.10", "up:host-gateway"] },
    part: {
      netns: { nsmode: "path", value: "/var/run/netns/x" },
      hostname: "shop",
      shared: ["shop", "192.0.2.7", "192.0.2.10 db,host-gateway up"],
    },
  },
  {
    what: "with a hosts file of its own keeps that, and shares none",
    isolation: { ...ofNomad, hosts },
    config: { volumes: ["local/hosts:/etc/hosts"] },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "shop", hostadd: ["shop:192.0.2.7"] },
  },
  {
    what: "with the host's name has none of its own",
    isolation: ofNomad,
    config: { uts_mode: "host" },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, utsns: { nsmode: "host" }, shared: ["", undefined] },
  },
  {
    what: "in another's namespace is called as its allocation",
    config: { network_mode: "ns:/run/netns/blue" },
    part: { netns: { nsmode: "path", value: "/run/netns/blue" }, hostname: "5e1f0000", hostadd: ["5e1f0000:127.0.0.1"] },
  },
  { what: "elsewhere is left as it is", config: { network_mode: "bridge" }, part: { netns: { nsmode: "bridge" } } },
  {
    what: "of a pod has the pod's host name",
    isolation: { ...ofPod, hosts },
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, shared: ["shop", "192.0.2.7"] },
  },
  {
    what: "of a pod knows its name where Nomad does not tell it",
    isolation: ofPod,
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, shared: ["shop", undefined] },
  },
  {
    what: "of a pod can have a name of its own",
    isolation: { ...ofPod, hosts },
    config: { hostname: "mine" },
    part: {
      pod: "p1",
      netns: { nsmode: "path", value: "/proc/42/ns/net" },
      utsns: { nsmode: "private" },
      hostname: "mine",
      shared: ["mine,shop", "192.0.2.7"],
    },
  },
  {
    what: "of a pod can have the host's name",
    isolation: ofPod,
    config: { uts_mode: "host" },
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, utsns: { nsmode: "host" }, shared: ["", undefined] },
  },
  {
    what: "with ids of its own is in no pod",
    isolation: ofPod,
    config: { userns: "auto" },
    part: { netns: { nsmode: "path", value: "/proc/42/ns/net" }, hostname: "shop", shared: ["shop", undefined] },
  },
];

describe("a task", () => {
  for (const { what, isolation, config = {}, env = {}, part } of rows) {
    test(what, () => assert.deepEqual(partOf({ config, task: { networkIsolation: isolation, env } }), part));
  }

  test("on another socket than its group's pod joins by the path alone, and not with a rootless Podman", () => {
    const networkIsolation = toIsolation({ podId: "p1", infraId: "i1", infraPid: 42, socketName: "other", hostname: "shop" });
    assert.deepEqual(partOf({ task: { networkIsolation } }), {
      netns: { nsmode: "path", value: "/proc/42/ns/net" },
      hostname: "shop",
      shared: ["shop", undefined],
    });
    assert.throws(
      () => planOf({ task: { networkIsolation }, facts: { rootless: true } }),
      /a rootless Podman cannot join the group's network namespace/,
    );
    assert.equal(specOf({ task: { networkIsolation: ofPod }, facts: { rootless: true } }).pod, "p1");
  });

  test("needs the process that holds the network of its pod", () => {
    assert.deepEqual(planOf({ task: { networkIsolation: ofPod } }).needs.filter(({ kind }) => kind === "group-network").length, 1);
    assert.deepEqual(planOf({ task: { networkIsolation: ofNomad } }).needs.filter(({ kind }) => kind === "group-network").length, 0);
  });
});
