import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclRecord, TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";
import { strictPolicy } from "../../config/operator-policy.ts";

const { resources } = plainTask();
const withPort: Partial<TaskConfig> = {
  resources: { ...resources, ports: [{ label: "http", hostPort: 25_000, to: 80, hostIp: "127.0.0.1" }] },
};
const inGroup: Partial<TaskConfig> = { networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } };

describe("a task in a pod", () => {
  test("has what the pod shares", () => {
    const { pod, netns, hostname, hostadd } = specOf({ config: { pod: "web" } });
    assert.deepEqual(
      { pod, netns, hostname, hostadd },
      { pod: "web", netns: { nsmode: "default" }, hostname: undefined, hostadd: undefined },
    );
  });

  test("can have a name, a memory and ids of its own where it leaves the pod's", () => {
    const spec = specOf({
      config: { pod: "web", hostname: "mine", uts_mode: "private", shm_size: "1m", ipc_mode: "private", userns: "host" },
    });
    assert.deepEqual([spec.pod, spec.hostname, spec.utsns, spec.shm_size], ["web", "mine", { nsmode: "private" }, 1_048_576]);
  });

  const refused: readonly {
    readonly config: HclRecord;
    readonly key: string;
    readonly task?: Partial<TaskConfig>;
    readonly says?: RegExp;
  }[] = [
    { config: { ports: ["http"] }, key: "ports", task: withPort },
    { config: { port_map: [{ http: 80 }] }, key: "port_map", task: withPort },
    { config: { hostname: "mine" }, key: "hostname" },
    { config: { shm_size: "1m" }, key: "shm_size" },
    { config: { dns_servers: ["192.0.2.1"] }, key: "dns_servers" },
    { config: { dns_search_domains: ["x"] }, key: "dns_search_domains" },
    { config: { dns_options: ["ndots:2"] }, key: "dns_options" },
    { config: { userns_mode: "auto" }, key: "userns_mode" },
    { config: { extra_hosts: ["a:192.0.2.1"] }, key: "extra_hosts", says: /cannot be set with pod "web", whose \/etc\/hosts the task has/ },
    { config: { ipv4_address: "10.88.0.9" }, key: "ipv4_address", says: /has no effect with pod "web"/ },
    { config: { network_mode: "host" }, key: "pod", says: /"web" cannot be set beside network_mode; remove one of the two/ },
    { config: { pod: "a b" }, key: "pod", says: /"a b" is no name of a pod; podman pod ps shows those there are/ },
    { config: {}, key: "pod", task: inGroup, says: /"web" cannot be set in a group with a network of its own/ },
  ];
  for (const {
    config,
    key,
    task = {},
    says = /belongs to the pod, and the task is in pod "web"; set it where the pod is made/,
  } of refused) {
    test(`is refused with ${JSON.stringify(config)}${task === inGroup ? " in a group's network" : ""}`, () => {
      const found = mistakesOf({ config: { pod: "web", ...config }, task });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", new RegExp(`^${key} > `));
      assert.match(found[0] ?? "", says);
    });
  }

  test("asks for what joining a container asks for, which a strict operator does not allow", () => {
    const wishes = decodedOf({ config: { pod: "web" } }).wishes.flatMap((wish) =>
      wish.kind === "namespace" && wish.key === "pod" ? [[wish.of, wish.mode]] : [],
    );
    assert.deepEqual(wishes, [["network", "pod:web"], ["ipc", "pod:web"], ["uts", "pod:web"]]);
    const strict = { settings: { policy: strictPolicy } };
    assert.deepEqual(
      mistakesOf({ config: { pod: "web" }, ...strict }).map((mistake) => /allowed_modes\.\w+/.exec(mistake)?.[0]),
      ["allowed_modes.network", "allowed_modes.ipc", "allowed_modes.uts"],
    );
    const modes = { ...strictPolicy.modes, network: ["pod:web"], ipc: ["pod:web"], uts: ["pod:web"] };
    assert.deepEqual(mistakesOf({ config: { pod: "web" }, settings: { policy: { ...strictPolicy, modes } } }), []);
  });

  test("is told which key names a pod that is not there", () => {
    const { explain } = planOf({ config: { pod: "web" } });
    assert.equal(
      explain("no pod with name or ID web found: no such pod")?.text,
      'config key pod: "web" is no pod of this Podman; podman pod ps shows those there are',
    );
  });
});

describe("a task with another's resolver", () => {
  for (const network_mode of ["task:db", "container:infra"]) {
    test(`is told that its own DNS keys are not used (${network_mode})`, () => {
      const { notices } = planOf({ config: { network_mode, dns_servers: ["192.0.2.1"], dns_options: ["ndots:2"] } });
      assert.deepEqual(
        notices,
        ["dns_servers", "dns_options"].map(
          (key) => `${key} is not used: the task has the resolver of the container whose network it joins`,
        ),
      );
    });
  }

  test("is told nothing of what the operator sets", () => {
    assert.deepEqual(planOf({ config: { network_mode: "task:db" }, settings: { dnsServers: ["192.0.2.1"] } }).notices, []);
  });
});
