import assert from "node:assert/strict";
import { test } from "node:test";

import { buildTaskEnv } from "./task-env.ts";
import type { TaskEnvSource } from "./task-env.ts";

const source: TaskEnvSource = {
  allocId: "0a1b2c3d-0000-4000-8000-000000000001",
  allocIndex: 1,
  jobId: "shop",
  jobName: "Shop",
  groupName: "front",
  taskName: "web",
  namespace: "default",
  region: "global",
  datacenter: "dc1",
  resources: { cpuMhz: 250, memoryMb: 64, memoryMaxMb: 0 },
  cpusetCpus: "",
  ports: [],
  meta: {},
  env: {},
  templateEnv: {},
};

const nodeScope = new Map([["attr.kernel.name", "linux"]]);

test("a task without extras gets exactly Nomad's variables", () => {
  assert.deepEqual(buildTaskEnv(source, nodeScope), {
    NOMAD_ALLOC_DIR: "/alloc",
    NOMAD_TASK_DIR: "/local",
    NOMAD_SECRETS_DIR: "/secrets",
    NOMAD_ALLOC_ID: "0a1b2c3d-0000-4000-8000-000000000001",
    NOMAD_SHORT_ALLOC_ID: "0a1b2c3d",
    NOMAD_ALLOC_NAME: "shop.front[1]",
    NOMAD_ALLOC_INDEX: "1",
    NOMAD_TASK_NAME: "web",
    NOMAD_GROUP_NAME: "front",
    NOMAD_JOB_ID: "shop",
    NOMAD_JOB_NAME: "Shop",
    NOMAD_NAMESPACE: "default",
    NOMAD_REGION: "global",
    NOMAD_DC: "dc1",
    NOMAD_CPU_LIMIT: "250",
    NOMAD_MEMORY_LIMIT: "64",
  });
});

const cases: readonly (readonly [string, Partial<TaskEnvSource>, Readonly<Record<string, string>>])[] = [
  ["memory_max", { resources: { cpuMhz: 1, memoryMb: 64, memoryMaxMb: 128 } }, { NOMAD_MEMORY_MAX_LIMIT: "128" }],
  ["cores", { cpusetCpus: "0,1" }, { NOMAD_CPU_CORES: "0,1" }],
  [
    "a port with another number inside",
    { ports: [{ label: "http", hostPort: 23000, to: 8080, hostIp: "10.0.0.1" }] },
    {
      NOMAD_IP_http: "10.0.0.1",
      NOMAD_PORT_http: "8080",
      NOMAD_ADDR_http: "10.0.0.1:23000",
      NOMAD_HOST_IP_http: "10.0.0.1",
      NOMAD_HOST_PORT_http: "23000",
      NOMAD_HOST_ADDR_http: "10.0.0.1:23000",
      NOMAD_ALLOC_PORT_http: "8080",
    },
  ],
  [
    "a port without `to`",
    { ports: [{ label: "db", hostPort: 23001, to: 0, hostIp: "::1" }] },
    { NOMAD_PORT_db: "23001", NOMAD_ADDR_db: "[::1]:23001" },
  ],
  ["a label that is no shell name", { ports: [{ label: "my-port", hostPort: 1, to: 0, hostIp: "1.1.1.1" }] }, { NOMAD_PORT_my_port: "1" }],
  ["meta", { meta: { "owner-team": "a ${NOMAD_TASK_NAME}" } }, { NOMAD_META_owner_team: "a web", NOMAD_META_OWNER_TEAM: "a web" }],
  ["env with references", { meta: { x: "1" }, env: { A: "${NOMAD_META_x} ${attr.kernel.name} ${nothing}" } }, { A: "1 linux ${nothing}" }],
  ["env that replaces a variable", { env: { NOMAD_REGION: "mine" } }, { NOMAD_REGION: "mine" }],
  [
    "references to a key with a hyphen",
    { meta: { "a-b": "1" }, env: { A: "${NOMAD_META_a-b}${NOMAD_META_a_b}" } },
    { A: "1${NOMAD_META_a_b}", NOMAD_META_a_b: "1" },
  ],
  ["a meta key with a reference", { meta: { "${NOMAD_TASK_NAME}": "1" } }, { NOMAD_META_web: "1" }],
  ["a meta key of many bytes", { meta: { é: "1" } }, { NOMAD_META___: "1" }],
  [
    "names of a port that nobody cleans",
    { ports: [{ label: "my-port", hostPort: 1, to: 0, hostIp: "1.1.1.1" }] },
    { NOMAD_HOST_PORT_my_port: "1", "NOMAD_HOST_IP_my-port": "1.1.1.1", "NOMAD_ALLOC_PORT_my-port": "1" },
  ],
  ["env of a template", { env: { A: "1" }, templateEnv: { A: "${NOMAD_JOB_ID}" } }, { A: "${NOMAD_JOB_ID}" }],
  ["env with names that no shell accepts", { env: { "a-b": "1", "7z": "2", "x/y": "3" } }, { "a-b": "1", "7z": "2", "x/y": "3" }],
  ["env that looks like a port's", { env: { "NOMAD_PORT_a-b": "1" } }, { NOMAD_PORT_a_b: "1" }],
];

for (const [name, changes, expected] of cases) {
  test(`${name}: ${Object.keys(expected).join(", ")}`, () => {
    const env = buildTaskEnv({ ...source, ...changes }, nodeScope);
    for (const [key, value] of Object.entries(expected)) assert.equal(env[key], value);
  });
}
