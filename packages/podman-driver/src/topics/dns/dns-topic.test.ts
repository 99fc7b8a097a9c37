import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { DnsConfig, HclRecord } from "@driver/nomad-plugin";
import { mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const wishesOf = (dns: DnsConfig | undefined, dnsServers: readonly string[]): Wishes => ({
  task: dns === undefined ? {} : { dns },
  settings: { dnsServers },
});

function dnsOf(dns: DnsConfig | undefined, pluginServers: readonly string[]): Partial<ContainerSpec> {
  return Object.fromEntries(Object.entries(specOf(wishesOf(dns, pluginServers))).filter(([name]) => name.startsWith("dns_")));
}

const group: DnsConfig = { servers: ["192.0.2.2"], searches: ["example.test"], options: ["ndots:3"] };

const cases: readonly {
  readonly what: string;
  readonly dns?: DnsConfig;
  readonly pluginServers: readonly string[];
  readonly planned: Partial<ContainerSpec>;
}[] = [
  { what: "leaves the resolver to Podman where nobody says anything", pluginServers: [], planned: {} },
  {
    what: "takes the plugin's servers for a group without a dns block",
    pluginServers: ["192.0.2.1", "2001:db8::1"],
    planned: { dns_server: ["192.0.2.1", "2001:db8::1"] },
  },
  {
    what: "takes the group's dns block alone where there is one",
    dns: group,
    pluginServers: ["192.0.2.1"],
    planned: { dns_server: ["192.0.2.2"], dns_search: ["example.test"], dns_option: ["ndots:3"] },
  },
  {
    what: "takes the group's dns block even without servers",
    dns: { ...group, servers: [], options: [] },
    pluginServers: ["192.0.2.1"],
    planned: { dns_search: ["example.test"] },
  },
];
for (const { what, dns, pluginServers, planned } of cases) test(what, () => assert.deepEqual(dnsOf(dns, pluginServers), planned));

for (const server of ["dns.example", "", "192.0.2", "192.0.2.1:53", "[2001:db8::1]", "fe80::1%eth0"]) {
  const problem = `"${server}" is not an IP address; name servers are given by address`;
  test(`refuses the server "${server}" and names the key it is from`, () => {
    const ofGroup = { servers: [server], searches: [], options: [] };
    assert.throws(() => dnsOf(ofGroup, []), { code: "config-invalid", message: `the group's network block, dns.servers: ${problem}` });
    assert.throws(() => dnsOf(undefined, [server]), { code: "config-invalid", message: `config key dns_servers: ${problem}` });
    assert.deepEqual(mistakesOf(wishesOf(ofGroup, [])), [`dns.servers > the group's network block, dns.servers: ${problem}`]);
  });
}

test("names every server that is no address", () => {
  const mistakes = mistakesOf(wishesOf({ ...group, servers: ["a", "192.0.2.2", "b"] }, []));
  assert.deepEqual(mistakes.map((mistake) => /"(.)"/.exec(mistake)?.[1]), ["a", "b"]);
});

const own: HclRecord = { dns_servers: ["192.0.2.3"], dns_search_domains: ["own.test"], dns_options: ["rotate"] };

test("takes the task's own keys before the plugin's servers", () => {
  const planned = ({ config, dnsServers }: { readonly config: HclRecord; readonly dnsServers: readonly string[] }): unknown[] => {
    const spec = specOf({ config, settings: { dnsServers } });
    return [spec.dns_server, spec.dns_search, spec.dns_option];
  };
  assert.deepEqual(planned({ config: own, dnsServers: ["192.0.2.1"] }), [["192.0.2.3"], ["own.test"], ["rotate"]]);
  assert.deepEqual(planned({ config: { ...own, dns_servers: [] }, dnsServers: ["192.0.2.1"] }), [["192.0.2.1"], ["own.test"], ["rotate"]]);
  assert.deepEqual(planned({ config: { dns_search_domains: [], dns_options: null }, dnsServers: [] }), [undefined, undefined, undefined]);
});

test("leaves the task's own keys aside where the group has a dns block, and says so", () => {
  const { spec, notices } = planOf({ config: own, task: { dns: group } });
  assert.deepEqual([spec.dns_server, spec.dns_search, spec.dns_option], [["192.0.2.2"], ["example.test"], ["ndots:3"]]);
  assert.deepEqual(
    notices,
    ["dns_servers", "dns_search_domains", "dns_options"].map((key) => `${key} is not used: the group has a dns block`),
  );
  assert.deepEqual(planOf({ task: { dns: group } }).notices, []);
});

test("refuses words that would be more than one in resolv.conf", () => {
  for (const word of ["", "a b", "a\nnameserver 192.0.2.9"]) {
    const message = `${JSON.stringify(word)} is not one word; write each as an item of its own, without blanks`;
    assert.deepEqual(
      mistakesOf({ config: { dns_search_domains: [word], dns_options: [word] } }),
      ["dns_search_domains", "dns_options"].map((key) => `${key} > config key ${key}: ${message}`),
    );
    assert.deepEqual(mistakesOf({ task: { dns: { ...group, options: [word] } } }), [
      `dns.options > the group's network block, dns.options: ${message}`,
    ]);
  }
});
