import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { DnsConfig } from "@driver/nomad-plugin";
import { mistakesOf, specOf, type Wishes } from "../../test/plan-of.ts";

const wishesOf = (dns: DnsConfig | undefined, dnsServers: readonly string[]): Wishes => ({ task: dns === undefined ? {} : { dns }, settings: { dnsServers } });

function dnsOf(dns: DnsConfig | undefined, pluginServers: readonly string[]): Partial<ContainerSpec> {
  return Object.fromEntries(Object.entries(specOf(wishesOf(dns, pluginServers))).filter(([name]) => name.startsWith("dns_")));
}

const group: DnsConfig = { servers: ["192.0.2.2"], searches: ["example.test"], options: ["ndots:3"] };

const cases: readonly { readonly what: string; readonly dns?: DnsConfig; readonly pluginServers: readonly string[]; readonly planned: Partial<ContainerSpec> }[] = [
  { what: "leaves the resolver to Podman where nobody says anything", pluginServers: [], planned: {} },
  { what: "takes the plugin's servers for a group without a dns block", pluginServers: ["192.0.2.1", "2001:db8::1"], planned: { dns_server: ["192.0.2.1", "2001:db8::1"] } },
  { what: "takes the group's dns block alone where there is one", dns: group, pluginServers: ["192.0.2.1"], planned: { dns_server: ["192.0.2.2"], dns_search: ["example.test"], dns_option: ["ndots:3"] } },
  { what: "takes the group's dns block even without servers", dns: { ...group, servers: [], options: [] }, pluginServers: ["192.0.2.1"], planned: { dns_search: ["example.test"] } },
];
for (const { what, dns, pluginServers, planned } of cases) test(what, () => assert.deepEqual(dnsOf(dns, pluginServers), planned));

for (const server of ["dns.example", "", "192.0.2", "192.0.2.1:53", "[2001:db8::1]"]) {
  const problem = `"${server}" is not an IP address; name servers are given by address`;
  test(`refuses the server "${server}" and names the key it is from`, () => {
    const ofGroup = { servers: [server], searches: [], options: [] };
    assert.throws(() => dnsOf(ofGroup, []), { code: "config-invalid", message: `config key dns.servers: ${problem}` });
    assert.throws(() => dnsOf(undefined, [server]), { code: "config-invalid", message: `config key dns_servers: ${problem}` });
    assert.deepEqual(mistakesOf(wishesOf(ofGroup, [])), [`dns.servers > config key dns.servers: ${problem}`]);
  });
}

test("names every server that is no address", () => {
  const mistakes = mistakesOf(wishesOf({ ...group, servers: ["a", "192.0.2.2", "b"] }, []));
  assert.deepEqual(mistakes.map((mistake) => /"(.)"/.exec(mistake)?.[1]), ["a", "b"]);
});
