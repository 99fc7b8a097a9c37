import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import { plainTask } from "@driver/testing";
import { decodedOf, mistakesOf, planOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const { allocId } = plainTask();
const withMode = (network_mode: string, wishes: Wishes = {}): Wishes => ({ ...wishes, config: { network_mode } });
const pick = ({ netns, Networks, network_options: options }: ContainerSpec): unknown => ({
  netns,
  ...(Networks && { Networks }),
  ...(options && { options }),
});
const rootless = { facts: { rootless: true, version: "5.4.2" } };
const older = { facts: { rootless: true, version: "4.9.5" } };

const rows: readonly { readonly mode: string; readonly wishes?: Wishes; readonly spec: unknown; readonly policyMode: string }[] = [
  { mode: "container:db", spec: { netns: { nsmode: "container", value: "db" } }, policyMode: "container:db" },
  { mode: `container:db-${allocId}`, spec: { netns: { nsmode: "container", value: `db-${allocId}` } }, policyMode: "task:db" },
  { mode: "task:db", spec: { netns: { nsmode: "container", value: `db-${allocId}` } }, policyMode: "task:db" },
  { mode: "ns:/run/netns/blue", spec: { netns: { nsmode: "path", value: "/run/netns/blue" } }, policyMode: "ns:/run/netns/blue" },
  { mode: "mynet", spec: { netns: { nsmode: "bridge" }, Networks: { mynet: {} } }, policyMode: "mynet" },
  { mode: "pasta", wishes: rootless, spec: { netns: { nsmode: "pasta" } }, policyMode: "pasta" },
  { mode: "pasta:", wishes: rootless, spec: { netns: { nsmode: "pasta" } }, policyMode: "pasta:" },
  {
    mode: "pasta:-T,5432,--map-gw",
    wishes: rootless,
    spec: { netns: { nsmode: "pasta" }, options: { pasta: ["-T", "5432", "--map-gw"] } },
    policyMode: "pasta:-T,5432,--map-gw",
  },
  { mode: "slirp4netns", wishes: older, spec: { netns: { nsmode: "slirp4netns" } }, policyMode: "slirp4netns" },
  { mode: "slirp4netns", spec: { netns: { nsmode: "slirp4netns" } }, policyMode: "slirp4netns" },
  {
    mode: "slirp4netns:port_handler=slirp4netns,cidr=10.1.0.0/24",
    wishes: older,
    spec: { netns: { nsmode: "slirp4netns" }, options: { slirp4netns: ["port_handler=slirp4netns", "cidr=10.1.0.0/24"] } },
    policyMode: "slirp4netns:port_handler=slirp4netns,cidr=10.1.0.0/24",
  },
];
for (const { mode, wishes, spec, policyMode } of rows) {
  test(`takes network_mode "${mode}"`, () => {
    const given = withMode(mode, wishes);
    assert.deepEqual(pick(specOf(given)), spec);
    assert.deepEqual(
      decodedOf(given).wishes.filter((wish) => wish.kind === "namespace" && wish.of === "network"),
      [{ kind: "namespace", key: "network_mode", of: "network", mode: policyMode }],
    );
  });
}

test("asks for another task's network as something that must be there first", () => {
  for (const mode of ["task:db", `container:db-${allocId}`]) {
    assert.deepEqual(planOf(withMode(mode)).needs.slice(1), [
      { kind: "task-namespace", key: "network_mode", what: "network", taskName: "db", container: `db-${allocId}` },
    ]);
  }
  for (const mode of ["container:db", "bridge"]) assert.equal(planOf(withMode(mode)).needs.length, 1);
});

const forms = "write bridge, host, none, pasta, slirp4netns, task:name, container:name, ns:path or the name of a network of Podman's";
const mistakes: readonly (readonly [mode: string, message: string])[] = [
  [" bridge", `" bridge" is no network; ${forms}`],
  ["a/b", `"a/b" is no network; ${forms}`],
  ["host:x", `"host:x" is no network; ${forms}`],
  ["task:", '"task:" names no task; write a name, such as task:db'],
  ["container:", '"container:" names no container; write a name, such as container:db'],
  ["ns:", '"ns:" names no file; write the path of a namespace\'s file, such as ns:/run/netns/blue'],
  ["ns:run/x", '"ns:run/x" is no absolute path without . and ..; write the whole path, such as ns:/run/netns/blue'],
  ["ns:/run/../x", '"ns:/run/../x" is no absolute path without . and ..; write the whole path, such as ns:/run/netns/blue'],
  ["task:web", '"task:web" is the task\'s own container; name another one'],
];
for (const [mode, message] of mistakes) {
  test(`refuses network_mode "${mode}" by name`, () =>
    assert.deepEqual(mistakesOf(withMode(mode)), [`network_mode > config key network_mode: ${message}`]));
}

const beyond: readonly (readonly [mode: string, wishes: Wishes, message: string])[] = [
  ["pasta", {}, '"pasta" is for a rootless Podman, and this one runs as root; use network_mode = "bridge"'],
  ["pasta", { facts: { rootless: true, version: "4.3.1" } }, '"pasta" needs Podman 4.4, and 4.3.1 runs; use network_mode = "slirp4netns"'],
  [
    "slirp4netns",
    { facts: { rootless: true, version: "6.1.1" } },
    '"slirp4netns" is not there any more since Podman 6.0, and 6.1.1 runs; use network_mode = "pasta"',
  ],
  [
    "slirp4netns",
    { facts: { version: "6.1.1" } },
    '"slirp4netns" is not there any more since Podman 6.0, and 6.1.1 runs; use network_mode = "bridge"',
  ],
];
for (const [mode, wishes, message] of beyond.slice()) {
  test(`refuses network_mode "${mode}" on ${JSON.stringify(wishes)}, which cannot do it`, () => {
    assert.throws(
      () => specOf(withMode(mode, wishes)),
      (error) => error instanceof Error && error.message.includes(`config key network_mode: ${message}`),
    );
  });
}

describe("networking.default_rootless_mode", () => {
  const planned = (defaultRootlessMode: string): unknown => pick(specOf({ ...rootless, settings: { defaultRootlessMode } }));
  test("takes options and networks like network_mode", () => {
    assert.deepEqual(planned("pasta:-T,auto"), { netns: { nsmode: "pasta" }, options: { pasta: ["-T", "auto"] } });
    assert.deepEqual(planned("mynet"), { netns: { nsmode: "bridge" }, Networks: { mynet: {} } });
    assert.deepEqual(planned("host"), { netns: { nsmode: "host" } });
  });
  test("is refused by its name", () =>
    assert.throws(
      () => planned("task:x"),
      /config key networking\.default_rootless_mode: "task:x" is no network; the operator sets it to/,
    ));
});

describe("what Podman would drop on a network that is shared", () => {
  const ports = [{ label: "http", hostPort: 20_001, to: 0, hostIp: "" }];
  const task = { resources: { ...plainTask().resources, ports }, dns: { servers: ["192.0.2.1"], searches: [], options: [] } };
  for (const [mode, reason] of [
    ["task:db", "those are reached that the other container publishes"],
    ["container:x", "those are reached that the other container publishes"],
    ["ns:/run/netns/x", "whoever made that network sees to its ports"],
  ] as const) {
    test(`is told with network_mode "${mode}"`, () => {
      const { spec, notices } = planOf({ config: { network_mode: mode, ports: ["http"] }, task });
      assert.equal(spec.portmappings, undefined);
      assert.equal(notices[0], `ports are not published: with network_mode "${mode}" ${reason}`);
      assert.equal(notices.some((notice) => notice.startsWith("the group's dns block is not used")), !mode.startsWith("ns:"));
    });
  }
});
