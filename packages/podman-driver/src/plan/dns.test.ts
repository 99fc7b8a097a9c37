import assert from "node:assert/strict";
import { test } from "node:test";
import { planDns } from "./dns.ts";

test("leaves the resolver to Podman where nobody says anything", () => assert.deepEqual(planDns(undefined, []), {}));

test("takes the plugin's servers for a group without a dns block", () => {
  assert.deepEqual(planDns(undefined, ["192.0.2.1", "2001:db8::1"]), { dns_server: ["192.0.2.1", "2001:db8::1"] });
});

test("takes the group's dns block alone where there is one, even without servers", () => {
  const dns = { servers: ["192.0.2.2"], searches: ["example.test"], options: ["ndots:3"] };
  assert.deepEqual(planDns(dns, ["192.0.2.1"]), { dns_server: ["192.0.2.2"], dns_search: ["example.test"], dns_option: ["ndots:3"] });
  assert.deepEqual(planDns({ ...dns, servers: [], options: [] }, ["192.0.2.1"]), { dns_search: ["example.test"] });
});

for (const server of ["dns.example", "", "192.0.2", "192.0.2.1:53", "[2001:db8::1]"]) {
  test(`refuses the server "${server}" and names the key it is from`, () => {
    assert.throws(() => planDns({ servers: [server], searches: [], options: [] }, []), { code: "config-invalid", message: `dns.servers: "${server}" is not an IP address` });
    assert.throws(() => planDns(undefined, [server]), { message: `dns_servers: "${server}" is not an IP address` });
  });
}
