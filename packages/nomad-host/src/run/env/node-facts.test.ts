import assert from "node:assert/strict";
import { test } from "node:test";

import { parseOsRelease, readNodeFacts, toNodeScope } from "./node-facts.ts";

test("reads os-release with every kind of quotes", () => {
  assert.deepEqual(parseOsRelease("ID=debian\nVERSION_ID=\"12\"\nNAME='Debian Linux'\n# x\nEMPTY=\n"), {
    ID: "debian",
    VERSION_ID: "12",
    NAME: "Debian Linux",
    EMPTY: "",
  });
});

test("knows this machine's kernel, cores and clock", async () => {
  const facts = await readNodeFacts("10.1.2.3");
  assert.equal(facts.attributes["kernel.name"], "linux");
  assert.equal(facts.attributes["unique.network.ip-address"], "10.1.2.3");
  assert(facts.coreCount >= 1);
  assert(facts.totalComputeMhz > 0);
});

test("the driver's attributes stand beside the machine's", () => {
  const facts = { id: "n1", name: "host", coreCount: 1, totalComputeMhz: 1000, attributes: { "cpu.arch": "amd64" } };
  const scope = toNodeScope(facts, {
    datacenter: "dc1",
    region: "global",
    driverAttributes: { "driver.podman.version": "4.3.1", "driver.podman.rootless": false },
  });
  assert.equal(scope.get("node.unique.id"), "n1");
  assert.equal(scope.get("node.datacenter"), "dc1");
  assert.equal(scope.get("attr.cpu.arch"), "amd64");
  assert.equal(scope.get("attr.driver.podman.rootless"), "false");
});
