import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCniAddress } from "./cni-results.ts";

const netns = "/var/run/netns/a1";
const cached = (path: string, ...addresses: readonly string[]): string =>
  JSON.stringify({ kind: "cniCacheV1", netns: path, result: { ips: addresses.map((address) => ({ address })) } });

test("tells the address that CNI has given to an allocation's namespace, an IPv4 one first", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "cni-"));
  context.after(() => rm(folder, { recursive: true }));
  assert.equal(await readCniAddress("a1", netns, join(folder, "none")), undefined);
  await writeFile(join(folder, "nomad-a2-eth0"), cached(netns, "192.0.2.2/24"));
  await writeFile(join(folder, "nomad-a1-eth1"), cached("/var/run/netns/former", "192.0.2.3/24"));
  assert.equal(await readCniAddress("a1", netns, folder), undefined);
  await writeFile(join(folder, "nomad-a1-eth0"), cached(netns, "2001:db8::1/64", "172.26.64.2/20"));
  assert.equal(await readCniAddress("a1", netns, folder), "172.26.64.2");
  for (const text of ["", "{", "[]", "null", cached(netns), cached(netns, "nowhere"), `{"netns":"${netns}","result":{"ips":[7]}}`]) {
    await writeFile(join(folder, "nomad-a1-eth0"), text);
    assert.equal(await readCniAddress("a1", netns, folder), undefined);
  }
});
