import assert from "node:assert/strict";
import { test } from "node:test";
import { mistakesOf, specOf } from "../../../test/plan-of.ts";

const hostsOf = (extra_hosts: readonly string[], version = "4.3.1"): readonly string[] | undefined =>
  specOf({ config: { extra_hosts }, facts: { version } }).hostadd;

const rows: readonly { readonly entries: readonly string[]; readonly planned: readonly string[] | undefined }[] = [
  { entries: [], planned: undefined },
  { entries: ["db:192.0.2.10"], planned: ["db:192.0.2.10"] },
  { entries: ["db.internal:2001:db8::1"], planned: ["db.internal:2001:db8::1"] },
  { entries: ["db:[2001:db8::1]"], planned: ["db:2001:db8::1"] },
  { entries: ["db:::1"], planned: ["db:::1"] },
  { entries: ["a;b:192.0.2.10"], planned: ["a:192.0.2.10", "b:192.0.2.10"] },
  { entries: ["a:192.0.2.1", "b:192.0.2.2"], planned: ["a:192.0.2.1", "b:192.0.2.2"] },
];
for (const { entries, planned } of rows) test(`takes ${JSON.stringify(entries)}`, () => assert.deepEqual(hostsOf(entries), planned));

const form = "write host:ip, e.g. db.internal:192.0.2.10, or host:host-gateway";
for (const entry of ["", "db", "db:", "db:nowhere", "db:192.0.2", "db=192.0.2.10", "db:[x]", "192.0.2.10:db"]) {
  test(`refuses "${entry}", which has no address`, () => {
    assert.deepEqual(mistakesOf({ config: { extra_hosts: [entry] } }), [
      `extra_hosts > config key extra_hosts: "${entry}" has no IP address behind the first colon; ${form}`,
    ]);
  });
}
for (const entry of [":192.0.2.10", "a b:192.0.2.10", "a;:192.0.2.10", "#a:192.0.2.10", "a\nb:192.0.2.10"]) {
  test(`refuses ${JSON.stringify(entry)}, which has no name`, () =>
    assert.match(mistakesOf({ config: { extra_hosts: [entry] } }).join(), /names no host; write host:ip/));
}

for (const network_mode of ["task:db", "container:db"]) {
  test(`refuses them beside network_mode ${network_mode}, whose hosts file the task has`, () => {
    const message =
      `extra_hosts: cannot be set with network_mode "${network_mode}", whose /etc/hosts the task has; set it where that network ` +
      "is made, or use another network_mode";
    assert.deepEqual(mistakesOf({ config: { network_mode, extra_hosts: ["db:192.0.2.10"] } }), [`extra_hosts > config key ${message}`]);
    assert.deepEqual(mistakesOf({ config: { network_mode, extra_hosts: [] } }), []);
  });
}

test("leaves the gateway to a Podman that knows it, and refuses it where the word itself would be written down", () => {
  assert.deepEqual(hostsOf(["host:host-gateway"], "4.7.0"), ["host:host-gateway"]);
  for (const version of ["4.3.1", "4.6.2"]) {
    assert.throws(() => hostsOf(["host:host-gateway"], version), {
      code: "unsupported",
      message:
        `config key extra_hosts: "host-gateway" needs Podman 4.7, and ${version} runs; write the address of the host ` +
        "on the task's network",
    });
  }
});
