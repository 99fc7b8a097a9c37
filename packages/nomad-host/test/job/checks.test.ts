import assert from "node:assert/strict";
import { test } from "node:test";

import type { Job, ServiceCheck } from "../../src/job/job.ts";
import { jobText, loadText } from "./job-text.ts";

const network = 'network {\n  port "http" {}\n}\n';

/** A service in the job's group, whose only check has this in it. */
function load(check: string, service = ""): Promise<Job> {
  const times = 'interval = "10s"\ntimeout = "2s"\n';
  const group = `${network}service {\n  name = "web"\n  port = "http"\n  ${service}\n  check {\n${times}${check}\n}\n}\n`;
  return loadText(jobText({ group }));
}

async function read(check: string, service = ""): Promise<ServiceCheck | undefined> {
  return (await load(check, service)).groups[0]?.services[0]?.checks[0];
}

test("a check has Nomad's defaults", async () => {
  const { position, ...check } = (await read('type = "http"\npath = "/up"')) ?? {};
  assert.deepEqual(position, { line: 12, column: 3 });
  assert.deepEqual(check, {
    ...{ name: 'service: "web" check', type: "http", portLabel: "http", addressMode: "", command: "", args: [], taskName: "" },
    ...{ path: "/up", protocol: "http", method: "GET", headers: {}, body: "", isInsecure: false, tlsServerName: "" },
    ...{ grpcService: "", isGrpcOverTls: false, intervalMs: 10_000, timeoutMs: 2_000, initialStatus: "", isReadiness: false },
    thresholds: { successesBeforePassing: 0, failuresBeforeCritical: 0, failuresBeforeWarning: 0 },
  });
});

test("a check says how it is done", async () => {
  const text = `type = "HTTP"\npath = "/"\nname = ""\nport = ""\nmethod = "post"\nbody = "b"\nprotocol = "HTTPS"\ntls_skip_verify = true
    tls_server_name = "n"\naddress_mode = "alloc"\ninitial_status = "passing"\non_update = "ignore"
    success_before_passing = 2\nfailures_before_critical = 3\nfailures_before_warning = 1
    header {\nA = ["1", "2"]\nB = ["x"]\n}`;
  const check = await read(text);
  assert.deepEqual(
    [check?.name, check?.type, check?.portLabel, check?.method, check?.body, check?.protocol, check?.isInsecure, check?.tlsServerName],
    ['service: "web" check', "http", "http", "POST", "b", "https", true, "n"],
  );
  assert.deepEqual([check?.addressMode, check?.initialStatus, check?.isReadiness], ["alloc", "passing", true]);
  assert.deepEqual(check?.headers, { A: ["1", "2"], B: ["x"] });
  assert.deepEqual(check?.thresholds, { successesBeforePassing: 2, failuresBeforeCritical: 3, failuresBeforeWarning: 1 });
});

const restarts: readonly (readonly [service: string, check: string, wanted: ServiceCheck["restart"]])[] = [
  ["", "", undefined],
  ["check_restart {}", "", undefined],
  ["", "check_restart {\nlimit = 2\n}", { limit: 2, graceMs: 1_000, ignoresWarnings: false }],
  ["", "check_restart {\ngrace = \"9s\"\n}", undefined],
  ["check_restart {\nlimit = 3\ngrace = \"9s\"\n}", "", { limit: 3, graceMs: 9_000, ignoresWarnings: false }],
  [
    'check_restart {\nlimit = 3\ngrace = "9s"\nignore_warnings = true\n}',
    "check_restart {\nlimit = 5\n}",
    { limit: 5, graceMs: 9_000, ignoresWarnings: true },
  ],
  ["check_restart {\nlimit = 3\n}", 'check_restart {\ngrace = "0s"\n}', { limit: 3, graceMs: 0, ignoresWarnings: false }],
];

for (const [service, check, wanted] of restarts)
  test(`check_restart of ${JSON.stringify(service)} and ${JSON.stringify(check)} come together key by key`, async () => {
    assert.deepEqual((await read(`type = "tcp"\n${check}`, service))?.restart, wanted);
  });

test("a check takes on_update from its service", async () => {
  assert.equal((await read('type = "tcp"', 'on_update = "ignore"'))?.isReadiness, true);
  assert.equal((await read('type = "tcp"\non_update = "require_healthy"', 'on_update = "ignore"'))?.isReadiness, false);
});

test("a service that only Consul would make known is noted, and one of Nomad's is not", async () => {
  const notes = async (service: string): Promise<readonly string[]> =>
    (await load('type = "tcp"', service)).notes.map(({ message }) => message);
  assert.deepEqual(await notes(""), ['service "web": there is no Consul here, so nobody finds it; its checks run']);
  assert.deepEqual(await notes('provider = "nomad"'), []);
  assert.deepEqual(await notes('provider = "nomad"\nmeta {\na = 1\n}'), [
    "service meta: has no effect, only templates of this run look for services",
  ]);
});
