import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerInspect } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const { allocId } = plainTask();
const rootless = { rootless: true, version: "5.4.2" };
const map = { container_id: 0, host_id: 100_000, size: 65_536 };
const autoWith = (options: object): object => ({ userns: { nsmode: "auto" }, idmappings: { AutoUserNs: true, AutoUserNsOpts: options } });

const rows: readonly { readonly config: HclRecord; readonly spec: object }[] = [
  { config: {}, spec: {} },
  { config: { userns: "" }, spec: {} },
  { config: { userns: "host" }, spec: { userns: { nsmode: "host" } } },
  { config: { userns_mode: "host" }, spec: { userns: { nsmode: "host" } } },
  { config: { userns: "nomap" }, spec: { userns: { nsmode: "no-map" } } },
  { config: { userns: "keep-id" }, spec: { userns: { nsmode: "keep-id" } } },
  { config: { userns: "keep-id:uid=200,gid=210" }, spec: { userns: { nsmode: "keep-id", value: "uid=200,gid=210" } } },
  { config: { userns: "auto" }, spec: autoWith({}) },
  { config: { userns: "auto:" }, spec: autoWith({}) },
  { config: { userns: "auto:size=4096" }, spec: autoWith({ Size: 4096 }) },
  {
    config: { userns: "auto:size=9,uidmapping=0:100000:65536,gidmapping=5:6:7" },
    spec: autoWith({ Size: 9, AdditionalUIDMappings: [map], AdditionalGIDMappings: [{ container_id: 5, host_id: 6, size: 7 }] }),
  },
  {
    config: { userns: "private", uidmap: ["0:100000:65536"] },
    spec: { userns: { nsmode: "private" }, idmappings: { UIDMap: [map], GIDMap: [map] } },
  },
  {
    config: { userns: "private", gidmap: ["0:100000:65536"] },
    spec: { userns: { nsmode: "private" }, idmappings: { UIDMap: [map], GIDMap: [map] } },
  },
  {

    config: { userns: "private", uidmap: ["0:100000:65536"], gidmap: ["0:1:2", "2:9:1"] },
    spec: {
      userns: { nsmode: "private" },
      idmappings: {
        UIDMap: [map],
        GIDMap: [
          { container_id: 0, host_id: 1, size: 2 },
          { container_id: 2, host_id: 9, size: 1 },
        ],
      },
    },
  },
  { config: { userns: "task:db" }, spec: { userns: { nsmode: "container", value: `db-${allocId}` } } },
  { config: { userns: "container:infra" }, spec: { userns: { nsmode: "container", value: "infra" } } },
  { config: { userns: "ns:/run/userns/blue" }, spec: { userns: { nsmode: "path", value: "/run/userns/blue" } } },
];

describe("the user namespace", () => {
  for (const { config, spec } of rows) {
    test(`${JSON.stringify(config)} becomes ${JSON.stringify(spec)}`, () => {
      const { userns, idmappings } = specOf({ config, facts: rootless });
      assert.deepEqual({ ...(userns !== undefined && { userns }), ...(idmappings !== undefined && { idmappings }) }, spec);
    });
  }

  const mistakes: readonly { readonly config: HclRecord; readonly says: RegExp }[] = [
    { config: { userns: "keepid" }, says: /^userns > .*"keepid" is no mode of a user namespace; write host, auto/ },
    { config: { userns: "host:x" }, says: /is no mode of a user namespace/ },
    { config: { userns: "auto:sise=4" }, says: /"sise=4" is no option of this mode; write size=…, uidmapping=…, gidmapping=…/ },
    { config: { userns: "auto:size=many" }, says: /"many" is no id or number of ids/ },
    { config: { userns: "auto:uidmapping=0:1" }, says: /"0:1" is no map of ids/ },
    { config: { userns: "keep-id:uid=root" }, says: /"root" is no id or number of ids/ },
    { config: { userns: "private" }, says: /"private" needs to know the ids; set uidmap/ },
    { config: { userns: "private", uidmap: ["0:100000"] }, says: /^uidmap > .*"0:100000" is no map of ids/ },
    { config: { userns: "private", uidmap: ["0:0:4294967296"] }, says: /is no map of ids/ },
    {
      config: { userns: "private", uidmap: ["0:100000:10", "5:200000:10"] },
      says: /^uidmap > .*"5:200000:10" has ids of the container that "0:100000:10" has already; name each id once$/,
    },
    {
      config: { userns: "private", uidmap: ["0:1:1"], gidmap: ["10:100005:10", "0:100000:10"] },
      says: /^gidmap > .*"0:100000:10" has ids of the host that "10:100005:10" has already; name each id once$/,
    },
    {
      config: { userns: "auto:gidmapping=0:100:2,gidmapping=1:300:1" },
      says: /^userns > .*"1:300:1" has ids of the container that "0:100:2" has already/,
    },
    { config: { userns: "auto", uidmap: ["0:1:2"] }, says: /"auto" takes no uidmap and gidmap/ },
    { config: { uidmap: ["0:1:2"] }, says: /^uidmap > .* set userns = "private" as well/ },
    {
      config: { userns: "auto", userns_mode: "host" },
      says: /^userns_mode > .*"host" says the same as userns, which is set too; remove userns_mode/,
    },
    { config: { userns: "container:" }, says: /"container:" names no container/ },
    { config: { userns: "ns:run/x" }, says: /is no absolute path/ },
    { config: { userns: "ns:/run/netns/../x" }, says: /is no absolute path without \. and \.\./ },
    { config: { userns: "task:web" }, says: /"task:web" is the task's own container/ },
  ];
  for (const { config, says } of mistakes) {
    test(`${JSON.stringify(config)} is refused`, () => {
      const found = mistakesOf({ config });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
    });
  }

  test("ids of keep-id are refused where Podman would drop them without a word", () => {
    const config = { userns: "keep-id:uid=200" };
    assert.throws(() => planOf({ config, facts: { rootless: true, version: "3.0.1" } }), {
      code: "unsupported",
      message: /userns: "uid=200" names ids for keep-id, which needs Podman 4\.3, and 3\.0\.1 runs; use "keep-id" alone/,
    });
    planOf({ config, facts: { rootless: true, version: "4.3.0" } });
    planOf({ config: { userns: "keep-id" }, facts: { rootless: true, version: "3.0.1" } });
  });

  test("a rootful Podman has no nomap, and keep-id only since it stopped to refuse it", () => {
    assert.throws(() => planOf({ config: { userns: "nomap" }, facts: { version: "6.1.1" } }), /userns: "nomap" needs a rootless Podman/);
    assert.throws(
      () => planOf({ config: { userns_mode: "keep-id" } }),
      /userns_mode: "keep-id" needs Podman 5\.4 or a rootless one, and the task's service belongs to root and is 4\.3\.1/,
    );
    assert.match(planOf({ config: { userns: "keep-id" }, facts: { version: "5.4.2" } }).notices.join(), /isolates nothing here/);
    assert.deepEqual(planOf({ config: { userns: "keep-id" }, facts: rootless }).notices, []);
  });

  test("that of another task is there once it runs", () => {
    const needs = planOf({ config: { userns_mode: "task:db" } }).needs.filter(({ kind }) => kind === "task-namespace");
    assert.deepEqual(needs, [
      { kind: "task-namespace", key: "userns_mode", what: "user namespace", taskName: "db", container: `db-${allocId}` },
    ]);
  });

  test("a container of the own allocation is one of its tasks, however it is named", () => {
    const modeOf = (userns: string): unknown => decodedOf({ config: { userns } }).wishes.find(({ kind }) => kind === "namespace");
    assert.deepEqual(modeOf(`container:db-${allocId}`), { kind: "namespace", key: "userns", of: "userns", mode: "task:db" });
    assert.deepEqual(modeOf("task:db"), { kind: "namespace", key: "userns", of: "userns", mode: "task:db" });
    assert.deepEqual(modeOf("container:db-5e1f0000"), { kind: "namespace", key: "userns", of: "userns", mode: "container:db-5e1f0000" });
  });
});

describe("what Podman has made of the user namespace", () => {
  const madeWith = (uidMap: readonly string[], gidMap: readonly string[] = uidMap): ContainerInspect =>
    ({ host: { idMappings: { uidMap, gidMap } } }) as ContainerInspect;
  const maps = { userns: "private", uidmap: ["0:100000:65536"] };

  test("is not looked at where none was asked for", () => {
    for (const config of [{}, { userns: "host" }]) assert.equal(planOf({ config }).findShortfalls, undefined);
  });

  for (const config of [{ userns: "auto" }, maps]) {
    test(`must be one of its own for ${JSON.stringify(config)}`, () => {
      const find = planOf({ config }).findShortfalls ?? assert.fail("nobody looks");
      assert.deepEqual(find(madeWith(["0:100000:65536"])), []);
      for (const made of [madeWith([]), madeWith(["0:0:4294967295"]), madeWith(["0:100000:65536"], [])]) {
        assert.deepEqual(find(made).map(({ key, isFatal }) => [key, isFatal]), [["userns", true]]);
      }
    });
  }

  test("may have the host's root where the job says so", () => {
    const find = planOf({ config: { userns: "private", uidmap: ["0:0:1"] } }).findShortfalls ?? assert.fail("nobody looks");
    assert.deepEqual(find(madeWith(["0:0:1"])), []);
  });
});

test("a setting of the host's containers.conf that a task with ids of its own may not make is told with its key", () => {
  const { explain } = planOf({ config: { userns: "private", uidmap: ["0:100000:65536"] } });
  for (const text of [
    "crun: open `/proc/sys/net/ipv4/ping_group_range`: Permission denied: OCI permission denied",
    "runc: runc create failed: open /proc/sys/net/ipv4/ping_group_range: permission denied",
  ]) {
    assert.match(explain(text)?.text ?? "", /^userns gives the task ids of its own, .*default_sysctls = \[\] .*containers\.conf/);
  }
});
