import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf } from "../../test/plan-of.ts";

const refused: readonly { readonly config: HclRecord; readonly says: string }[] = [
  ...["host", "task:db", "container:x", "ns:/run/x"].flatMap((mode) => [
    {
      config: { uts_mode: mode, hostname: "h" },
      says: `hostname: cannot be set with uts_mode = "${mode}", whose host name the task has; remove one of the two`,
    },
    {
      config: { ipc_mode: mode, shm_size: "64m" },
      says: `shm_size: cannot be set with ipc_mode = "${mode}", whose /dev/shm the task has, if any; remove one of the two`,
    },
    {
      config: { pid_mode: mode, init: true },
      says: `init: cannot be set with pid_mode = "${mode}", where the task is not the first process; remove one of the two`,
    },
  ]),
  {
    config: { ipc_mode: "none", shm_size: "64m" },
    says: 'shm_size: cannot be set with ipc_mode = "none", whose /dev/shm the task has, if any; remove one of the two',
  },
  ...["net.core.somaxconn", "net/core/somaxconn"].map((name) => ({
    config: { network_mode: "host", sysctl: [{ [name]: "1" }] },
    says: `sysctl: "${name}" is the host's with network_mode = "host", where no task may set it; remove one of the two`,
  })),
  ...["kernel.msgmax", "kernel.sem", "kernel.shmmax", "fs.mqueue.msg_max"].map((name) => ({
    config: { ipc_mode: "host", sysctl: [{ [name]: "1" }] },
    says: `sysctl: "${name}" is the host's with ipc_mode = "host", where no task may set it; remove one of the two`,
  })),
  {
    config: { uts_mode: "host", sysctl: [{ "kernel.domainname": "x" }] },
    says: 'sysctl: "kernel.domainname" is the host\'s with uts_mode = "host", where no task may set it; remove one of the two',
  },
];

const allowed: readonly HclRecord[] = [
  { uts_mode: "private", hostname: "h" },
  { ipc_mode: "shareable", shm_size: "64m" },
  { ipc_mode: "host", shm_size: "", init: true },
  { pid_mode: "host", init: false, hostname: "" },
  { network_mode: "task:db", sysctl: [{ "net.core.somaxconn": "1" }] },
  { network_mode: "host", sysctl: [{ "kernel.msgmax": "1" }] },
  { ipc_mode: "task:db", sysctl: [{ "kernel.msgmax": "1" }] },
];

describe("keys that are right by themselves", () => {
  for (const { config, says } of refused) {
    test(`are refused together: ${JSON.stringify(config)}`, () => {
      const key = says.slice(0, says.indexOf(":"));
      assert.deepEqual(mistakesOf({ config }), [`${key} > config key ${says}`]);
    });
  }
  for (const config of allowed) test(`go together: ${JSON.stringify(config)}`, () => assert.deepEqual(mistakesOf({ config }), []));
});

const told: readonly { readonly config: HclRecord; readonly notices: readonly string[] }[] = [
  ...["task:db", "container:x"].map((mode) => ({
    config: { network_mode: mode, dns_servers: ["192.0.2.1"], dns_options: ["ndots:2"] },
    notices: ["dns_servers", "dns_options"].map(
      (key) => `${key} is not used: the task has the resolver of the container whose network it joins`,
    ),
  })),
  {
    config: { network_mode: "none", dns_search_domains: ["x"] },
    notices: ["dns_search_domains is not used: a task without a network has no resolver"],
  },
  { config: { network_mode: "bridge", dns_search_domains: ["x"] }, notices: [] },
  { config: { network_mode: "none" }, notices: [] },
  { config: { cpu_cfs_period: 50_000 }, notices: ["cpu_cfs_period is not used: the task does not set cpu_hard_limit"] },
  { config: { cpu_cfs_period: 50_000, cpu_hard_limit: true }, notices: [] },
  { config: { cpu_cfs_period: 0 }, notices: [] },
];
for (const { config, notices } of told) {
  test(`the author of ${JSON.stringify(config)} is told ${JSON.stringify(notices)}`, () => {
    const decoded = decodedOf({ config, settings: { dnsServers: ["192.0.2.53"] } });
    assert.deepEqual(decoded.notices.map(({ message }) => message), notices);
  });
}
