import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NamespaceSpec, PortMappingSpec } from "@driver/libpod";
import type { PortMapping, TaskConfig, TaskResources } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, groupHostsOf, mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const { resources } = plainTask();
const inGroup: Partial<TaskConfig> = { networkIsolation: { mode: "group", path: "/var/run/netns/x", labels: {} } };
const rootless = { rootless: true };
const netnsOf = (network_mode: string | undefined, wishes: Wishes = {}): NamespaceSpec | undefined =>
  specOf({ ...wishes, config: network_mode === undefined ? {} : { network_mode } }).netns;

describe("the network namespace", () => {
  for (const mode of ["bridge", "host", "none"]) {
    test(`is ${mode} where the task says so`, () => {
      assert.deepEqual(planOf({ config: { network_mode: mode } }).notices, []);
      assert.deepEqual(netnsOf(mode), { nsmode: mode });
      assert.deepEqual(netnsOf(mode, { facts: rootless }), { nsmode: mode });
    });
  }

  const defaults: readonly { readonly wishes: Wishes; readonly nsmode: string }[] = [
    { wishes: {}, nsmode: "bridge" },
    { wishes: { settings: { defaultRootlessMode: "pasta" } }, nsmode: "bridge" },
    { wishes: { facts: rootless }, nsmode: "slirp4netns" },
    { wishes: { facts: { ...rootless, version: "4.9.5" } }, nsmode: "slirp4netns" },
    { wishes: { facts: { ...rootless, version: "5.0.0" } }, nsmode: "pasta" },
    { wishes: { facts: { ...rootless, version: "5.0.0-rc1" } }, nsmode: "pasta" },
    { wishes: { facts: { ...rootless, version: "10.1.0" } }, nsmode: "pasta" },
    { wishes: { facts: { ...rootless, version: "5.4.2" }, settings: { defaultRootlessMode: "slirp4netns" } }, nsmode: "slirp4netns" },
  ];
  for (const { wishes, nsmode } of defaults) {
    test(`is ${nsmode} for a task that says nothing with ${JSON.stringify(wishes)}`, () => {
      assert.deepEqual(netnsOf(undefined, wishes), { nsmode });
      assert.deepEqual(netnsOf("", wishes), { nsmode });
    });
  }

  const groups: readonly { readonly mode: string; readonly notices: readonly string[] }[] = [
    { mode: "", notices: [] },
    { mode: "host", notices: ['network_mode "host" is not used: the task joins its group\'s network'] },
    { mode: "wat", notices: ['network_mode "wat" is not used: the task joins its group\'s network'] },
  ];
  for (const { mode, notices } of groups) {
    test(`is the group's whatever the task asks for, which is told with network_mode "${mode}"`, () => {
      const plan = planOf({ config: { network_mode: mode }, task: inGroup });
      assert.deepEqual([plan.spec.netns, plan.notices], [{ nsmode: "path", value: "/var/run/netns/x" }, notices]);
    });
  }

  test("of the group is not for a rootless Podman, as it is root's", () => {
    const message =
      "config key network: a rootless Podman cannot join the group's network namespace, which belongs to root; have it make " +
      'that network (group_network = "pod" in the plugin\'s config, and this Podman as the default socket), use a rootful socket, or ' +
      "remove the group's network mode";
    assert.throws(() => specOf({ task: inGroup, facts: rootless }), { code: "config-invalid", message });
  });

  test("of a group that has none is the task's own", () => {
    assert.deepEqual(netnsOf("host", { task: { networkIsolation: { mode: "host", path: "", labels: {} } } }), { nsmode: "host" });
  });

  test("is the host's where the host says that the group is on it, unless the task says otherwise", () => {
    const onHost: Wishes = { task: { networkIsolation: { mode: "host", path: "", labels: {} } } };
    assert.deepEqual([netnsOf(undefined, onHost), netnsOf("bridge", onHost)], [{ nsmode: "host" }, { nsmode: "bridge" }]);
    assert.deepEqual(
      decodedOf(onHost).wishes.filter((wish) => wish.kind === "namespace" && wish.of === "network"),
      [{ kind: "namespace", key: "network", of: "network", mode: "host" }],
    );
  });
});

describe("the group's host name", () => {
  const withHosts = (hostname: string, address: string): Wishes => ({
    task: { networkIsolation: { mode: "group", path: "/n", labels: {}, hosts: { hostname, address } } },
  });

  const rows: readonly { readonly what: string; readonly wishes: Wishes; readonly address: string | undefined }[] = [
    { what: "an IPv4 address", wishes: withHosts("web", "192.0.2.7"), address: "192.0.2.7" },
    { what: "an IPv6 address", wishes: withHosts("web", "2001:db8::7"), address: "2001:db8::7" },
    { what: "no address", wishes: withHosts("web", ""), address: undefined },
  ];
  for (const { what, wishes, address } of rows) {
    test(`goes to the hosts file of the group with ${what}`, () =>
      assert.deepEqual(groupHostsOf(wishes), { names: ["web"], address, extra: [] }));
  }

  test("is that of the allocation where the group has none", () =>
    assert.deepEqual([groupHostsOf({ task: inGroup })?.names, groupHostsOf(withHosts("", ""))?.names], [["5e1f0000"], ["5e1f0000"]]));

  test("goes nowhere without a group", () => assert.deepEqual([groupHostsOf(), specOf().hostadd], [undefined, undefined]));

  test("is refused with what is no address", () => {
    const message = /^config key network\.hostname: "web" has the address "nowhere", which is not an IP address; /;
    assert.throws(() => specOf(withHosts("web", "nowhere")), { code: "config-invalid", message });
  });
});

const http: PortMapping = { label: "http", hostPort: 20_001, to: 8080, hostIp: "192.0.2.1" };
const withPorts = (...ports: readonly PortMapping[]): Partial<TaskConfig> => ({ resources: { ...resources, ports } });
const portsOf = (task: Partial<TaskConfig>, ports: readonly string[], network_mode = "bridge"): readonly PortMappingSpec[] =>
  specOf({ task, config: { network_mode, ports } }).portmappings ?? [];

describe("ports", () => {
  test("are published for tcp and udp at their address", () => {
    const port = { container_port: 8080, host_port: 20_001, host_ip: "192.0.2.1" };
    assert.deepEqual(portsOf(withPorts(http), ["http"]), [{ ...port, protocol: "tcp" }, { ...port, protocol: "udp" }]);
  });

  test("are published only where the task asks for them", () => {
    assert.deepEqual(portsOf(withPorts(http), []), []);
    assert.ok(!("portmappings" in specOf({ task: withPorts(http) })));
  });

  for (const protocol of ["tcp", "udp"]) {
    test(`are published for ${protocol} alone where the job says so`, () => {
      assert.deepEqual(portsOf(withPorts(http), [`http/${protocol}`]).map((port) => [port.host_port, port.protocol]), [[20_001, protocol]]);
    });
  }

  for (const to of [0, -1]) {
    test(`have the host's number inside where the group says ${to}`, () =>
      assert.equal(portsOf(withPorts({ ...http, to }), ["http"])[0]?.container_port, 20_001));
  }

  test("are published in the order of the task", () => {
    const planned = portsOf(withPorts(http, { ...http, label: "admin", hostPort: 20_002 }), ["admin", "http"]);
    assert.deepEqual(planned.map(({ host_port }) => host_port), [20_002, 20_002, 20_001, 20_001]);
  });

  const published: readonly { readonly mode: string; readonly more: Partial<TaskConfig>; readonly count: number }[] = [
    { mode: "bridge", more: {}, count: 2 },
    { mode: "host", more: {}, count: 0 },
    { mode: "none", more: {}, count: 0 },
    { mode: "bridge", more: inGroup, count: 0 },
  ];
  for (const { mode, more, count } of published) {
    const outcome = count === 0 ? "are not published without a network of its own" : "are published in a network of its own";
    test(`${outcome}: ${JSON.stringify({ mode, ...more })}`, () => {
      const spec = specOf({ task: { ...withPorts(http), ...more }, config: { network_mode: mode, ports: ["http"] } });
      assert.deepEqual([spec.portmappings?.length ?? 0, "portmappings" in spec], [count, count > 0]);
    });
  }

  const refusals: readonly {
    readonly what: string;
    readonly task: Partial<TaskConfig>;
    readonly ports: readonly string[];
    readonly messages: readonly string[];
  }[] = [
    {
      what: "a label that the group does not have",
      task: withPorts(http),
      ports: ["htpp"],
      messages: ['config key ports: "htpp" is no port of the group\'s network block; it has "http"'],
    },
    {
      what: "each label that the group does not have",
      task: withPorts(http),
      ports: ["a", "http", "b"],
      messages: [
        'config key ports: "a" is no port of the group\'s network block; it has "http"',
        'config key ports: "b" is no port of the group\'s network block; it has "http"',
      ],
    },
    {
      what: "all labels of a group without ports",
      task: withPorts(),
      ports: ["http", "x"],
      messages: [
        'config key ports: the group\'s network block defines no ports, so "http", "x" cannot be published; give the group a ' +
          'network block with these ports',
      ],
    },
  ];
  for (const { what, task, ports, messages } of refusals) {
    test(`are refused by name: ${what}`, () => {
      assert.throws(() => portsOf(task, ports), { code: "config-invalid" });
      assert.deepEqual(mistakesOf({ task, config: { ports } }), messages.map((message) => `ports > ${message}`));
    });
  }
});

describe("the task's owner is told", () => {
  const noticesOf = (network_mode: string, task: Partial<TaskConfig>, ports: readonly string[] = []): readonly string[] =>
    planOf({ config: { network_mode, ports }, task }).notices;

  const unpublished: readonly { readonly mode: string; readonly ports: readonly string[]; readonly notices: readonly string[] }[] = [
    { mode: "none", ports: ["http"], notices: ['ports are not published: with network_mode "none" the task has no network'] },
    {
      mode: "host",
      ports: ["http"],
      notices: ['ports are not published: with network_mode "host" the task listens on the host\'s own ports'],
    },
    { mode: "bridge", ports: ["http"], notices: [] },
    { mode: "none", ports: [], notices: [] },
  ];
  for (const { mode, ports, notices } of unpublished) {
    const what = notices.length === 0 ? "nothing" : "they are not published";
    test(`of ports ${JSON.stringify(ports)} with network_mode ${mode}: ${what}`, () => {
      assert.deepEqual(noticesOf(mode, withPorts(http), ports), notices);
    });
  }

  const own = {
    device: "eth0",
    cidr: "",
    ip: "192.0.2.1",
    reservedPorts: [{ label: "http", port: 80 }],
    dynamicPorts: [{ label: "db", port: 20_003 }],
  };
  const withOwn = (network: TaskResources["networks"][number]): Partial<TaskConfig> => ({
    resources: { ...resources, networks: [network] },
  });
  const advice =
    'the task\'s own network block (resources.network) publishes nothing: move "http", "db" to the group\'s network block, and ' +
      'name what is to be published in ports';

  for (const mode of ["bridge", "none"]) {
    test(`of the ports of the task's own network block with network_mode ${mode}`, () =>
      assert.deepEqual(noticesOf(mode, withOwn(own)), [advice]));
  }

  test("nothing of them on the host's network, nor of a block without ports", () => {
    assert.deepEqual(noticesOf("host", withOwn(own)), []);
    assert.deepEqual([noticesOf("bridge", {}), noticesOf("bridge", withOwn({ ...own, reservedPorts: [], dynamicPorts: [] }))], [[], []]);
  });

  test("what becomes of them when they cannot be published", () => {
    const message = `config key ports: the group's network block defines no ports, so "http" cannot be published; ${advice}`;
    assert.throws(() => portsOf(withOwn(own), ["http"]), { code: "config-invalid", message });
  });
});
