import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addToGroupHosts, findAllocAddress, type GroupHosts } from "./group-hosts.ts";

const host = { hostsFile: "# of the host\n\n127.0.0.1 localhost\n192.0.2.50\tregistry registry.lan # ours\n", address: "192.0.2.1" };
const base = [
  "127.0.0.1 localhost",
  "192.0.2.50\tregistry registry.lan # ours",
  "192.0.2.1\thost.containers.internal host.docker.internal",
];
const plain: GroupHosts = { names: ["shop"], address: "192.0.2.7", extra: [] };

const rows: readonly {
  readonly what: string;
  readonly found?: readonly string[];
  readonly wanted?: Partial<GroupHosts>;
  readonly lines: readonly string[];
}[] = [
  { what: "begins with the group's name, and goes on as Podman's would", lines: ["192.0.2.7\tshop", ...base] },
  { what: "gives loopback to a name whose address nobody knows", wanted: { address: undefined }, lines: ["127.0.0.1\tshop", ...base] },
  {
    what: "has a task's own name and lines first, in their order",
    wanted: { names: ["mine", "shop"], extra: [{ name: "db", address: "192.0.2.10" }, { name: "up", address: "host-gateway" }] },
    lines: ["192.0.2.7\tmine", "192.0.2.7\tshop", "192.0.2.10\tdb", "192.0.2.1\tup", ...base],
  },
  { what: "is left as it is where all is there", found: ["192.0.2.7 shop mine", "x"], lines: ["192.0.2.7 shop mine", "x"] },
  {
    what: "keeps what tasks have written, and puts what is new before it",
    found: ["192.0.2.7\tshop", "# mine", "192.0.2.66 db", "", "odd"],
    wanted: { extra: [{ name: "db", address: "192.0.2.10" }] },
    lines: ["192.0.2.10\tdb", "192.0.2.7\tshop", "# mine", "192.0.2.66 db", "", "odd"],
  },
  {
    what: "forgets a former address of the group, as after a reboot",
    found: ["192.0.2.3\tshop", "192.0.2.3\tshop other"],
    lines: ["192.0.2.7\tshop", "192.0.2.3\tshop other"],
  },
  {
    what: "keeps an address that it had while nobody tells another",
    found: ["192.0.2.3\tshop"],
    wanted: { address: undefined },
    lines: ["192.0.2.3\tshop"],
  },
  { what: "is none but the lines of a task that shares no name", wanted: { names: [] }, lines: base },
];

describe("the hosts file of a group", () => {
  for (const { what, found, wanted, lines } of rows) {
    test(what, () => {
      const text = addToGroupHosts(found?.map((line) => `${line}\n`).join(""), { ...plain, ...wanted }, host);
      assert.deepEqual(text, lines.map((line) => `${line}\n`).join(""));
    });
  }

  test("has a localhost where the host has no file, and no name of a host without an address", () =>
    assert.equal(
      addToGroupHosts(undefined, plain, { hostsFile: "", address: undefined }),
      "192.0.2.7\tshop\n127.0.0.1\tlocalhost\n::1\tlocalhost\n",
    ));

  test("has no host-gateway of a host without an address", () =>
    assert.throws(
      () => addToGroupHosts(undefined, { ...plain, extra: [{ name: "up", address: "host-gateway" }] }, { ...host, address: undefined }),
      {
        code: "config-invalid",
        message:
          'config key extra_hosts: "host-gateway" is nowhere, as this host has no address but loopback; write the address that is meant',
      },
    ));

  test("stays the same when it is asked for the same again", () => {
    const wanted = { ...plain, extra: [{ name: "db", address: "2001:db8::1" }] };
    const once = addToGroupHosts(undefined, wanted, host);
    assert.equal(addToGroupHosts(once, wanted, host), once);
  });
});

test("an allocation's address is what Nomad says of any of its ports", () => {
  assert.equal(findAllocAddress({ NOMAD_ALLOC_ID: "a", NOMAD_ALLOC_IP_http: "172.26.64.2", NOMAD_IP_http: "192.0.2.1" }), "172.26.64.2");
  assert.equal(findAllocAddress({ NOMAD_ALLOC_IP_http: "", NOMAD_IP_http: "192.0.2.1" }), undefined);
});
