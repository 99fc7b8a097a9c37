import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { JobFileError, loadJob } from "../../src/index.ts";
import { parseJsonTree, toJsonValue } from "../../src/job/json-tree.ts";
import { createJobFolder, failureOf, loadText, plainOptions } from "./job-text.ts";

const job = {
  ID: "web",
  Name: "web",
  Type: "batch",
  Priority: 50,
  Datacenters: ["dc1"],
  Status: "running",
  Version: 3,
  Periodic: null,
  Constraints: [{ LTarget: "${attr.kernel.name}", RTarget: "linux", Operand: "=" }],
  TaskGroups: [
    {
      Name: "front",
      Count: 1,
      ShutdownDelay: 1_500_000_000,
      RestartPolicy: { Attempts: 0, Interval: 60_000_000_000, Delay: 1_000_000_000, Mode: "fail" },
      Networks: [
        {
          Mode: "bridge",
          DynamicPorts: [{ Label: "http", Value: 0, To: 80 }],
          ReservedPorts: [{ Label: "admin", Value: 9000 }],
          DNS: null,
        },
      ],
      Volumes: {},
      Tasks: [
        {
          Name: "server",
          Driver: "podman",
          Config: { image: "busybox", args: ["a"], logging: [{ driver: "journald" }] },
          Env: { A: "${NOMAD_PORT_http}" },
          KillTimeout: 10_000_000_000,
          Resources: { CPU: 200, MemoryMB: 64, DiskMB: 0, Networks: null },
          LogConfig: { MaxFiles: 2, MaxFileSizeMB: 1 },
          Templates: [{ EmbeddedTmpl: "x", DestPath: "local/x", ChangeMode: "restart", Perms: "0600" }],
          Vault: null,
        },
      ],
    },
  ],
};

for (const [title, value] of [
  ["inside Job", { Job: job }],
  ["bare", job],
] as const) {
  test(`reads a job in the API's form, ${title}`, async () => {
    const read = await loadText(JSON.stringify(value, undefined, 2));
    const [group] = read.groups;
    const task = group?.tasks[0];
    assert.ok(group && task);
    assert.deepEqual(
      [read.id, read.type, read.notes.map(({ message }) => message.split(":")[0])],
      ["web", "batch", ["constraint", "logs max_files", "logs max_file_size"]],
    );
    assert.deepEqual(
      group.network?.ports.map(({ position: _, ...port }) => port),
      [
        { label: "http", to: 80 },
        { label: "admin", static: 9000 },
      ],
    );
    assert.deepEqual([group.shutdownDelayMs, task.killTimeoutMs, task.resources.memoryMb], [1500, 10_000, 64]);
    assert.deepEqual(task.restart, { attempts: 0, intervalMs: 60_000, delayMs: 1000, mode: "fail" });
    assert.deepEqual(
      task.config.attributes.map((attribute) => [attribute.name, attribute.value]),
      [
        ["image", "busybox"],
        ["args", ["a"]],
        ["logging", [{ driver: "journald" }]],
      ],
    );
    assert.equal(task.templates[0]?.perms, "0600");
  });
}

test("reads the maps that HCL writes as blocks alone", async () => {
  const [group] = job.TaskGroups;
  const [task] = group?.Tasks ?? [];
  const options = { checksum: `sha256:${"a1".repeat(32)}` };
  const artifact = { GetterSource: "https://h.example/a.tgz", GetterOptions: options, GetterHeaders: { "X-Token": "t" } };
  const maps = { Meta: { a: "b" }, CanaryMeta: { c: "d" }, TaggedAddresses: { lan: "192.0.2.1" } };
  const service = { Name: "page", Provider: "consul", ...maps };
  const tasks = [{ ...task, Artifacts: [artifact], Services: [service] }];
  const read = await loadText(JSON.stringify({ Job: { ...job, TaskGroups: [{ ...group, Tasks: tasks }] } }));
  const [planned] = read.groups[0]?.tasks[0]?.artifacts ?? [];
  assert.deepEqual([planned?.options, planned?.headers], [options, { "X-Token": "t" }]);
});

const refused: readonly (readonly [text: string, line: number | undefined, message: RegExp])[] = [
  [
    '{"Job": {"ID": "a",\n"Type": "batch", "Periodic": {"Spec": "x", "SpecType": "cron"}, "TaskGroups": []}}',
    2,
    /^periodic: the cron expression "x" has 1 of at least five/,
  ],
  [
    '{"Job": {"ID": "a", "TaskGroups": [{"Name": "g", "Tasks": [{"Name": "t", "Driver": "x",\n"VolumeMounts": [{"Volume": "x"}]}]}]}}',
    2,
    /^volume_mount: destination is missing$/,
  ],
  [
    '{"Job": {"ID": "a",\n"TaskGroups": [{"Name": "g", "Count": "x", "Tasks": [{"Name": "t", "Driver": "x"}]}]}}',
    2,
    /^field Count in group: must be a whole number, not "x"$/,
  ],
  ['{"Job": {"ID": "a", "TaskGroups": [\n{"Tasks": []}]}}', 2, /^group "": its name must not be empty/],
  ['{"Job": {"ID": "a", "TaskGroups": [\n1]}}', 2, /^field TaskGroups: must be an object or a list of objects$/],
  ['{"Job": {"ID": "a",\n"Datacenters": ["b", 1]}}', 2, /^field Datacenters in job: must be a list of strings, but has 1$/],
  ['{"Job": {"ID": "a",\n"Meta": {"b": [1]}}}', 2, /^field Meta in job: must be an object of strings, but has a list$/],
  ['{"Job": {"ID": "a",\n"Priority": 5e1}}', 2, /^field Priority in job: must be a whole number, not 5e1$/],
  ['{"Job": {"ID": "a",\n"Region": ""}}', 2, /^argument region: must not be empty$/],
  ['{"Job": {"TaskGroups": []}}', 1, /^job "": the name must not be empty/],
  ['{"Job": {"ID": "a",\n}}', 2, /^this is not valid JSON: unexpected "}"$/],
  ['{"Job": {"ID": "a"', 1, /^this is not valid JSON: the file ends too early$/],
  ['{"Job": {"ID": "a" "b"}}', 1, /unexpected "\\"b\\""/],
  ['{"job": {"a": {}}}', 1, /^HCL written as JSON \("job"\) is not supported/],
  ['{"Jobs": []}', undefined, /^this is no job file: it has no "Job" with "ID" and "TaskGroups"$/],
];

for (const [text, line, message] of refused) {
  test(`refuses ${text.replace(/\s+/g, " ")}`, async () => {
    const first = await failureOf(loadText(text));
    const error = [first, ...first.further].find((other) => message.test(other.message));
    assert.ok(error, first.message);
    assert.equal(error.position?.line, line);
  });
}

test("takes a field in any case, the last of several, and null in a map as an empty text", async () => {
  const task = '{"name": "t", "Driver": "a", "DRIVER": "podman", "env": {"A": null, "B": "x", "B": "y"}, "Config": {"image": "x"}}';
  const read = await loadText(`{"job": {"id": "a", "Type": "batch", "TASKGROUPS": [{"Name": "g", "Tasks": [${task}]}]}} and more`);
  const [server] = read.groups[0]?.tasks ?? [];
  assert.deepEqual([read.id, server?.name, server?.driver, server?.env], ["a", "t", "podman", { A: "", B: "y" }]);
});

test("notes a field that nobody knows where it stands", async () => {
  const task = '{"Name": "t",\n"Drivr": "x",\n"Driver": "podman", "Nothing": null, "Config": {"image": "x"}}';
  const read = await loadText(`{"ID": "a", "Foo": [1], "TaskGroups": [{"Name": "g", "Tasks": [${task}]}]}`);
  assert.deepEqual(
    read.notes.map(({ message, position }) => [message, position.line]),
    [
      ["field Foo in job: unknown, so it has no effect", 1],
      ['field Drivr in task: unknown, so it has no effect; did you mean "Driver"?', 2],
    ],
  );
});

test("tells of a field with an empty name once, and takes no block's label from it", async () => {
  const task = '{"Name": "t", "Driver": "podman",\n"Resources": {"": 1, "CPU": 100}, "Config": {"image": "x"}}';
  const read = await loadText(`{"ID": "a", "TaskGroups": [{"Name": "g", "Tasks": [${task}]}]}`);
  assert.deepEqual(
    read.notes.map(({ message, position }) => [message, position.line]),
    [["field \"\" in resources: unknown, so it has no effect", 2]],
  );
  assert.equal(read.groups[0]?.tasks[0]?.resources.cpuMhz, 100);
});

test("a port may be without a label", async () => {
  const networks = '"Networks": [{"DynamicPorts": [{"To": 80}], "ReservedPorts": [{"Label": "a", "Value": 90}]}]';
  const task = '{"Name": "t", "Driver": "podman", "Config": {"image": "x"}}';
  const read = await loadText(`{"ID": "a", "TaskGroups": [{"Name": "g", ${networks}, "Tasks": [${task}]}]}`);
  assert.deepEqual(
    read.groups[0]?.network?.ports.map(({ position: _, ...port }) => port),
    [
      { label: "", to: 80 },
      { label: "a", static: 90 },
    ],
  );
});

test("reads half a surrogate pair as Go does", async () => {
  const groups = JSON.stringify(job.TaskGroups);
  const read = await loadText(String.raw`{"ID": "a", "Meta": {"b\udc00": "c\ud800d"}, "TaskGroups": ${groups}}`);
  assert.deepEqual(read.meta, { "b\ufffd": "c\ufffdd" });
});

test("refuses variables beside a JSON job, which cannot use them", async () => {
  await using folder = await createJobFolder();
  const path = await folder.write("job.json", JSON.stringify({ Job: job }));
  const error = await failureOf(loadJob(path, { ...plainOptions, vars: { a: "1" } }));
  assert.equal(error.message, "a JSON job takes no variables; leave out -var and -var-file");
});

test("reads any JSON as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const rounded: unknown = JSON.parse(
        JSON.stringify(toJsonValue(parseJsonTree({ name: "case.json", text })), (_, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        ),
      );
      assert.deepEqual(rounded, JSON.parse(JSON.stringify(JSON.parse(text))));
    }),
    { numRuns: 300 },
  );
});

test("keeps whole numbers beyond 2^53 exact", () => {
  const read = toJsonValue(parseJsonTree({ name: "case.json", text: "[9007199254740993, 1.5, 1e23]" }));
  assert.deepEqual(read, [9007199254740993n, 1.5, 10n ** 23n]);
});

test("refuses what JSON.parse refuses, at a place", () => {
  const signs = [",", "]", "}", "{", '"', ":", "\\", "//", "/* */", "'"];
  const damage = fc.constantFrom("", "0", "-", "x", "NaN", "\n", "\u0001", "\u00a0", ...signs);
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.nat({ max: 2 }), damage, (text, at, skipped, piece) => {
      const index = at % (text.length + 1);
      const damaged = text.slice(0, index) + piece + text.slice(index + skipped);
      assert.equal(isRead(damaged), isJson(damaged), JSON.stringify(damaged));
    }),
    { numRuns: 2000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isRead(text: string): boolean {
  try {
    parseJsonTree({ name: "case.json", text });
    return true;
  } catch (error) {
    assert.ok(error instanceof JobFileError && error.position !== undefined, String(error));
    return false;
  }
}

test("refuses endless nesting instead of running out of stack", () => {
  for (const text of ["[".repeat(100_000), '{"a":'.repeat(100_000), `${"[".repeat(300)}${"]".repeat(300)}`])
    assert.throws(() => parseJsonTree({ name: "case.json", text }), /^JobFileError: nested too deeply to be a job$/);
});

test("an artifact's destination that is empty is one, in JSON as in HCL", async () => {
  const artifact = 'artifact {\n source = "https://example.test/x"\n destination = ""\n }';
  const written = await loadText(`job "a" {\n task "t" {\n driver = "podman"\n ${artifact}\n }\n }\n`);
  await using folder = await createJobFolder();
  const destinationsIn = async (more: object): Promise<unknown> => {
    const tasks = [{ Name: "t", Driver: "podman", Artifacts: [{ GetterSource: "https://example.test/x", ...more }] }];
    const text = JSON.stringify({ ID: "a", TaskGroups: [{ Name: "t", Tasks: tasks }] });
    const read = await loadJob(await folder.write("job.json", text), plainOptions);
    return read.groups[0]?.tasks[0]?.artifacts.map(({ destination }) => destination);
  };
  assert.deepEqual(
    written.groups[0]?.tasks[0]?.artifacts.map(({ destination }) => destination),
    [""],
  );
  assert.deepEqual([await destinationsIn({ RelativeDest: "" }), await destinationsIn({ RelativeDest: null })], [[""], ["local/"]]);
});
