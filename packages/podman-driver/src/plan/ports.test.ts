import assert from "node:assert/strict";
import { test } from "node:test";
import type { PortMapping } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { describeOwnPorts, planPorts } from "./ports.ts";

const withPorts = (...ports: readonly PortMapping[]): ReturnType<typeof plainTask> => plainTask({ resources: { ...plainTask().resources, ports } });
const http: PortMapping = { label: "http", hostPort: 20_001, to: 8080, hostIp: "192.0.2.1" };

test("publishes a port for tcp and udp at its address", () => {
  const port = { container_port: 8080, host_port: 20_001, host_ip: "192.0.2.1" };
  assert.deepEqual(planPorts(withPorts(http), ["http"]), [{ ...port, protocol: "tcp" }, { ...port, protocol: "udp" }]);
});

test("publishes only what the task asks for", () => assert.deepEqual(planPorts(withPorts(http), []), []));

test("uses the host's port inside where the group says no other", () => {
  for (const to of [0, -1]) assert.equal(planPorts(withPorts({ ...http, to }), ["http"])[0]?.container_port, 20_001);
});

test("publishes in the order of the task", () => {
  const planned = planPorts(withPorts(http, { ...http, label: "admin", hostPort: 20_002 }), ["admin", "http"]);
  assert.deepEqual(planned.map(({ host_port }) => host_port), [20_002, 20_002, 20_001, 20_001]);
});

test("refuses a label that the group does not have, and names those it has", () => {
  assert.throws(() => planPorts(withPorts(http), ["htpp"]), { code: "config-invalid", message: 'ports: "htpp" is no port of the group\'s network block: it has "http"' });
  assert.throws(() => planPorts(withPorts(), ["http", "x"]), { code: "config-invalid", message: /defines no ports, so "http", "x" cannot be published/ });
});

test("says what becomes of the ports of a task's own network block", () => {
  const own = { device: "eth0", cidr: "", ip: "192.0.2.1", reservedPorts: [{ label: "http", port: 80 }], dynamicPorts: [{ label: "db", port: 20_003 }] };
  const task = plainTask({ resources: { ...plainTask().resources, networks: [own] } });
  assert.match(describeOwnPorts(task) ?? "", /own network block \(resources\.network\) publishes nothing: move "http", "db" to the group's/);
  assert.throws(() => planPorts(task, ["http"]), { code: "config-invalid", message: /defines no ports, so "http" cannot be published; the task's own network block .* move "http", "db"/ });
  assert.equal(describeOwnPorts(plainTask()), undefined);
  assert.equal(describeOwnPorts(plainTask({ resources: { ...plainTask().resources, networks: [{ ...own, reservedPorts: [], dynamicPorts: [] }] } })), undefined);
});
