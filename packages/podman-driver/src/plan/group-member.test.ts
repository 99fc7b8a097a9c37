import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, NetworkIsolationSpec } from "@driver/nomad-plugin";
import { planOf, specOf, type Wishes } from "../../test/plan-of.ts";
import { toIsolation } from "../topics/network/group-pod.ts";

const ofNomad: NetworkIsolationSpec = { mode: "group", path: "/var/run/netns/x", labels: {} };
const ofPod = toIsolation({ podId: "p1", infraId: "i1", infraPid: 42, socketName: "default", hostname: "shop" });
const hosts = { hostname: "shop", address: "192.0.2.7" };

type Part = Pick<ContainerSpec, "pod" | "netns" | "utsns" | "hostname" | "hostadd">;

function partOf(wishes: Wishes): Part {
  const { pod, netns, utsns, hostname, hostadd } = specOf(wishes);
  return Object.fromEntries(Object.entries({ pod, netns, utsns, hostname, hostadd }).filter(([, value]) => value !== undefined));
}

const rows: readonly {
  readonly what: string;
  readonly isolation?: NetworkIsolationSpec;
  readonly config?: HclRecord;
  readonly part: Part;
}[] = [
  {
    what: "in a namespace of Nomad's is called as the allocation",
    isolation: ofNomad,
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "5e1f0000", hostadd: ["5e1f0000:127.0.0.1"] },
  },
  {
    what: "finds the group's address under its name",
    isolation: { ...ofNomad, hosts },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "shop", hostadd: ["shop:192.0.2.7"] },
  },
  {
    what: "without an address of the group finds loopback (network mode none)",
    isolation: { ...ofNomad, hosts: { hostname: "shop", address: "" } },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "shop", hostadd: ["shop:127.0.0.1"] },
  },
  {
    what: "with a name of its own finds that too",
    isolation: { ...ofNomad, hosts },
    config: { hostname: "mine" },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "mine", hostadd: ["shop:192.0.2.7", "mine:192.0.2.7"] },
  },
  {
    what: "keeps the address that its own line gives its name",
    isolation: ofNomad,
    config: { hostname: "mine", extra_hosts: ["mine:192.0.2.9"] },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, hostname: "mine", hostadd: ["mine:192.0.2.9"] },
  },
  {
    what: "with the host's name has none of its own",
    isolation: ofNomad,
    config: { uts_mode: "host" },
    part: { netns: { nsmode: "path", value: "/var/run/netns/x" }, utsns: { nsmode: "host" } },
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
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, hostadd: ["shop:192.0.2.7"] },
  },
  {
    what: "of a pod knows its name where Nomad does not tell it",
    isolation: ofPod,
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, hostadd: ["shop:127.0.0.1"] },
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
      hostadd: ["shop:192.0.2.7", "mine:192.0.2.7"],
    },
  },
  {
    what: "of a pod can have the host's name",
    isolation: ofPod,
    config: { uts_mode: "host" },
    part: { pod: "p1", netns: { nsmode: "path", value: "/proc/42/ns/net" }, utsns: { nsmode: "host" } },
  },
  {
    what: "with ids of its own is in no pod",
    isolation: ofPod,
    config: { userns: "auto" },
    part: { netns: { nsmode: "path", value: "/proc/42/ns/net" }, hostname: "shop", hostadd: ["shop:127.0.0.1"] },
  },
];

describe("a task", () => {
  for (const { what, isolation, config = {}, part } of rows) {
    test(what, () => assert.deepEqual(partOf({ config, task: { networkIsolation: isolation } }), part));
  }

  test("on another socket than its group's pod joins by the path alone, and not with a rootless Podman", () => {
    const networkIsolation = toIsolation({ podId: "p1", infraId: "i1", infraPid: 42, socketName: "other", hostname: "shop" });
    assert.deepEqual(partOf({ task: { networkIsolation } }), {
      netns: { nsmode: "path", value: "/proc/42/ns/net" },
      hostname: "shop",
      hostadd: ["shop:127.0.0.1"],
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
