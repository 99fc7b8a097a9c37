import assert from "node:assert/strict";
import { test } from "node:test";
import type { PortMappingSpec } from "@driver/libpod";
import type { HclRecord, TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, mistakesOf, planOf } from "../../../test/plan-of.ts";

const { resources } = plainTask();
const ofGroup: Partial<TaskConfig> = {
  env: { NOMAD_PORT_http: "20001" },
  resources: {
    ...resources,
    ports: [
      { label: "http", hostPort: 20_001, to: 0, hostIp: "192.0.2.1" },
      { label: "admin", hostPort: 20_002, to: 0, hostIp: "192.0.2.1" },
    ],
  },
};
const ofTask: Partial<TaskConfig> = {
  resources: {
    ...resources,
    networks: [
      {
        device: "eth0",
        cidr: "",
        ip: "192.0.2.1",
        reservedPorts: [{ label: "http", port: 80 }],
        dynamicPorts: [{ label: "my-db", port: 20_003 }],
      },
    ],
  },
};
const config = (portMap: HclRecord): HclRecord => ({ network_mode: "bridge", port_map: [portMap] });
const both = (hostPort: number, containerPort: number): readonly PortMappingSpec[] =>
  ["tcp", "udp"].map((protocol) => ({ container_port: containerPort, host_port: hostPort, host_ip: "192.0.2.1", protocol }));

test("publishes those of the group's ports that are named", () => {
  const { spec, notices } = planOf({ config: config({ http: 8080 }), task: ofGroup });
  assert.deepEqual(spec.portmappings, both(20_001, 8080));
  assert.equal(spec.env?.["NOMAD_PORT_http"], "8080");
  assert.deepEqual(notices, ["config key port_map is deprecated: use ports"]);
  assert.deepEqual(decodedOf({ config: config({ http: 8080 }), task: ofGroup }).wanted.network.portMap, { http: 8080 });
});

test("publishes all ports of the task's own network block, on the same port where none is named", () => {
  const { spec, notices } = planOf({ config: config({ "my-db": 5432, other: 1 }), task: ofTask });
  assert.deepEqual(spec.portmappings, [...both(80, 80), ...both(20_003, 5432)]);
  assert.equal(spec.env?.["NOMAD_PORT_my_db"], "5432");
  assert.match(
    notices.join("\n"),
    /^config key port_map is deprecated: use ports\nport_map has no effect for "other": the task's network block has no such port$/,
  );
});

test("publishes nothing where the task says nothing", () => {
  for (const portMap of [[], [{}], null]) assert.ok(!("portmappings" in planOf({ config: { port_map: portMap }, task: ofGroup }).spec));
});

test("leaves the ports of a group's own network to it, and says so", () => {
  const task = { ...ofGroup, networkIsolation: { mode: "group", path: "/n", labels: {} } } as const;
  const { spec, notices } = planOf({ config: { port_map: [{ http: 8080 }] }, task });
  assert.deepEqual([spec.portmappings, spec.env?.["NOMAD_PORT_http"]], [undefined, "20001"]);
  assert.match(notices.join("\n"), /port_map is not used: the task joins its group's network/);
});

const refusals: readonly {
  readonly what: string;
  readonly config: HclRecord;
  readonly task: Partial<TaskConfig>;
  readonly message: string;
}[] = [
  {
    what: "together with ports",
    config: { ...config({ http: 1 }), ports: ["http"] },
    task: ofGroup,
    message: "port_map: cannot be set together with ports; remove port_map, and say in the group's network block which port is meant (to)",
  },
  {
    what: "without any port",
    config: config({ http: 1 }),
    task: {},
    message: "port_map: has no ports to map; give the group a network block with these ports, and name them in ports",
  },
  {
    what: "for a label that the group does not have",
    config: config({ htpp: 1 }),
    task: ofGroup,
    message: 'port_map.htpp: is no port of the group\'s network block; it has "http", "admin"',
  },
  { what: "with port 0", config: config({ http: 0 }), task: ofGroup, message: "port_map.http: 0 is no port; 1 to 65535 would be right" },
  {
    what: "with port 65536",
    config: config({ http: 65_536 }),
    task: ofGroup,
    message: "port_map.http: 65536 is no port; 1 to 65535 would be right",
  },
];
for (const { what, config: given, task, message } of refusals) {
  const [key = ""] = message.split(":");
  test(`is refused ${what}`, () => assert.deepEqual(mistakesOf({ config: given, task }), [`${key} > config key ${message}`]));
}
