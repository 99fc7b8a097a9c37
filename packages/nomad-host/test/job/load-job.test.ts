import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadJob } from "../../src/index.ts";
import type { Job, Task } from "../../src/index.ts";
import { failureOf, jobText, loadText, plainOptions } from "./job-text.ts";

function jobFile(name: string): string {
  return join(import.meta.dirname, "jobs", name);
}

function onlyTask(job: Job): Task {
  const task = job.groups[0]?.tasks[0];
  assert.ok(task);
  return task;
}

test("reads the redis job of the driver's first documentation", async () => {
  const job = await loadJob(jobFile("redis.nomad.hcl"), plainOptions);
  const task = onlyTask(job);
  assert.equal(job.id, "redis");
  assert.deepEqual(
    job.groups[0]?.network?.ports.map(({ label, to }) => ({ label, to })),
    [{ label: "redis", to: 6379 }],
  );
  assert.deepEqual(
    task.config.attributes.map(({ name, value }) => [name, value]),
    [
      ["image", "docker://redis"],
      ["ports", ["redis"]],
    ],
  );
  assert.deepEqual(task.resources, { cpuMhz: 500, memoryMb: 256, memoryMaxMb: 0 });
  assert.deepEqual(job.notes, []);
});

test("reads a job with a restart block and comments", async () => {
  const task = onlyTask(await loadJob(jobFile("cache.nomad.hcl"), plainOptions));
  assert.deepEqual(task.restart, { attempts: 2, intervalMs: 1_800_000, delayMs: 15_000, mode: "fail" });
});

test("says where a network block belongs that stands in the job", async () => {
  const error = await failureOf(loadJob(jobFile("network-in-job.nomad.hcl"), plainOptions));
  assert.equal(
    error.format(),
    [
      `${jobFile("network-in-job.nomad.hcl")}:3:1: block network in job "example": not allowed here; it belongs into a group block`,
      "3 | network {",
      "  | ^",
    ].join("\n"),
  );
});

test("reads every part of a job", async () => {
  const job = await loadJob(jobFile("everything.nomad.hcl"), plainOptions);
  assert.deepEqual(
    [job.type, job.region, job.namespace, job.datacenters, job.meta],
    ["batch", "eu", "apps", ["dc1", "dc2"], { owner: "me" }],
  );
  const [group] = job.groups;
  assert.ok(group);
  assert.deepEqual([group.count, group.shutdownDelayMs], [2, 2000]);
  assert.deepEqual(
    group.network?.ports.map(({ position: _, ...port }) => port),
    [
      { label: "admin", to: 9000 },
      { label: "http", to: 80 },
      { label: "fixed", static: 8080, hostNetwork: "public" },
    ],
  );
  assert.deepEqual(group.network?.dns, { servers: ["10.0.0.1"], searches: ["local"], options: ["ndots:2"] });
  const [server, prepare] = group.tasks;
  assert.ok(server && prepare);
  assert.deepEqual(server.env, { GREETING: "hello", ADDRESS: "${NOMAD_ADDR_http}", COUNT: "3", VERBOSE: "true" });
  assert.deepEqual(server.meta, { "dotted.key": "y" });
  assert.deepEqual(
    [server.user, server.leader, server.killTimeoutMs, server.killSignal, server.shutdownDelayMs],
    ["1000:1000", true, 90_000, "SIGINT", 250],
  );
  assert.deepEqual(server.resources, { cpuMhz: 0, cores: 2, memoryMb: 128, memoryMaxMb: 256 });
  assert.deepEqual(server.logs, { maxFiles: 3, maxFileSizeMb: 5, disabled: true });
  assert.deepEqual(server.restart, { attempts: 5, intervalMs: 86_400_000, delayMs: 15_000, mode: "delay" });
  const unset = {
    ...{ source: "", delimiters: { left: "{{", right: "}}" }, isOnce: false, refusesMissingKeys: false },
    change: { mode: "restart", signal: "", splayMs: 5_000 },
  };
  assert.deepEqual(
    server.templates.map(({ position: _, ...template }) => template),
    [
      { ...unset, data: "name = busybox\n  indented\n", destination: "local/app.conf", env: false, perms: "600" },
      { ...unset, data: "A=1\n", destination: "secrets/app.env", env: true, perms: "0644" },
    ],
  );
  assert.deepEqual(prepare.lifecycle, { hook: "prestart", sidecar: false });
  assert.deepEqual(prepare.restart, { attempts: 0, intervalMs: 86_400_000, delayMs: 15_000, mode: "delay" });
});

test("keeps arguments and blocks of config apart, with positions and references to the runtime", async () => {
  const { config } = onlyTask(await loadJob(jobFile("everything.nomad.hcl"), plainOptions));
  assert.deepEqual(
    config.attributes.map(({ name, value }) => [name, value]),
    [
      ["image", "x-busybox"],
      ["args", ["--port", "${NOMAD_PORT_http}", "--node", "${node.unique.name}"]],
      ["labels", { role: "WEB" }],
    ],
  );
  const [logging] = config.blocks;
  assert.equal(logging?.type, "logging");
  assert.equal(logging?.body.blocks[0]?.type, "options");
  assert.deepEqual(
    [config.position, config.attributes[0]?.position, logging?.position],
    [
      { line: 101, column: 7 },
      { line: 102, column: 9 },
      { line: 107, column: 9 },
    ],
  );
});

test("notes what has no effect on one machine, in the order of the file", async () => {
  const job = await loadJob(jobFile("everything.nomad.hcl"), plainOptions);
  assert.deepEqual(
    job.notes.map(({ message, position }) => `${position.line} ${message.split(":")[0]}`),
    [
      "23 node_pool",
      "29 constraint",
      "34 reschedule",
      "43 ephemeral_disk size",
      '71 service "web"',
      "131 logs max_files",
      "132 logs max_file_size",
    ],
  );
});

test("notes that a task gets no token", async () => {
  const job = await loadText(jobText({ task: "identity {\n  env = true\n}" }));
  assert.deepEqual(job.notes, [{ message: "identity: tasks get no token outside a cluster", position: { line: 8, column: 7 } }]);
});

test("notes that nothing limits the disk or keeps the logs", async () => {
  const job = await loadText(
    jobText({
      group: "ephemeral_disk {\n  size = 300\n  sticky = true\n  migrate = true\n}",
      task: "logs {\n  max_files = 3\n  max_file_size = 5\n}",
    }),
  );
  assert.deepEqual(
    job.notes.map(({ message, position }) => `${position.line} ${message.split(":")[0]}`),
    ["6 ephemeral_disk size", "7 ephemeral_disk sticky", "8 ephemeral_disk migrate", "13 logs max_files", "14 logs max_file_size"],
  );
});

test("fills in Nomad's defaults", async () => {
  const job = await loadText('job "a" {\n  group "g" {\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n');
  const task = onlyTask(job);
  assert.deepEqual(
    [job.name, job.type, job.namespace, job.region, job.datacenters, job.groups[0]?.count],
    ["a", "service", "default", "global", ["*"], 1],
  );
  assert.deepEqual(task.resources, { cpuMhz: 100, memoryMb: 300, memoryMaxMb: 0 });
  assert.deepEqual(task.logs, { maxFiles: 10, maxFileSizeMb: 10, disabled: false });
  assert.deepEqual([task.killTimeoutMs, task.killSignal, task.user, task.leader, task.config.attributes], [5000, "", "", false, []]);
});

test("takes a task directly in the job as a group of its own", async () => {
  const job = await loadText('job "a" {\n  task "t" {\n    driver = "x"\n  }\n}\n');
  assert.deepEqual(
    job.groups.map((group) => [group.name, group.count, group.tasks.length]),
    [["t", 1, 1]],
  );
});

test("leaves a dynamic block in a config to the driver, as Nomad does", async () => {
  const config = 'config {\n image = "x"\n dynamic "logging" {\n for_each = ["a"]\n content {\n driver = logging.value\n }\n }\n }';
  const [block] = (await loadText(jobText({ task: config }))).groups[0]?.tasks[0]?.config.blocks ?? [];
  assert.deepEqual([block?.type, block?.labels, block?.body.attributes.map(({ value }) => value)], ["dynamic", ["logging"], [["a"]]]);
  assert.deepEqual(block?.body.blocks[0]?.body.attributes[0]?.value, "${logging.value}");
});

test("makes one task block per element of a dynamic block", async () => {
  const text = `job "a" {
  group "g" {
    dynamic "task" {
      for_each = ["x", "y"]
      iterator = each
      labels   = ["task-\${each.value}"]
      content {
        driver = "podman"
        env {
          INDEX = each.key
        }
      }
    }
  }
}
`;
  const job = await loadText(text);
  assert.deepEqual(
    job.groups[0]?.tasks.map(({ name, env }) => [name, env]),
    [
      ["task-x", { INDEX: "0" }],
      ["task-y", { INDEX: "1" }],
    ],
  );
});

test("stops with the signal's reason when it is aborted", async () => {
  const reason = new Error("enough");
  await assert.rejects(loadText(jobText(), { signal: AbortSignal.abort(reason) }), reason);
});

for (const name of ["", "SIGUSR1", "usr1", "SIGRTMIN+3", "15"]) {
  test(`takes the kill signal ${JSON.stringify(name)} as it is written`, async () => {
    assert.equal(onlyTask(await loadText(jobText({ task: `kill_signal = "${name}"` }))).killSignal, name);
  });
}

test("notes the signals that no client of Nomad offers", async () => {
  const template = 'template {\n  data = "x"\n  destination = "local/x"\n  change_mode = "signal"\n  change_signal = "';
  const notesOf = async (signal: string, change: string) => {
    const { notes } = await loadText(jobText({ task: `kill_signal = "${signal}"\n${template}${change}"\n}` }));
    return notes.map(({ message, position }) => `${position.line} ${message}`);
  };
  assert.deepEqual(await notesOf(" SIGINT", "sighup"), []);
  assert.deepEqual(await notesOf("int", "hup"), [
    '8 kill_signal "int": Nomad would place the task nowhere; write "SIGINT"',
    '13 change_signal "HUP": Nomad would place the task nowhere; write "SIGHUP"',
  ]);
  assert.deepEqual(await notesOf("SIGRTMIN+3", "15"), [
    '8 kill_signal "SIGRTMIN+3": Nomad would place the task nowhere; its clients do not offer it',
    '13 change_signal "15": Nomad would place the task nowhere; its clients do not offer it',
  ]);
});

test("reads the owner of a template's file; a negative number says nothing", async () => {
  const template = (owner: string) => `template {\n  data = "x"\n  destination = "local/x"\n  ${owner}\n}`;
  const ownerOf = async (owner: string) => {
    const read = onlyTask(await loadText(jobText({ task: template(owner) }))).templates[0];
    return [read?.uid, read?.gid];
  };
  assert.deepEqual(await ownerOf("uid = 1001\n  gid = 1002"), [1001, 1002]);
  assert.deepEqual(await ownerOf("uid = -1\n  gid = 0"), [undefined, 0]);
});

test("of several networks of a group the first one counts, and the others are noted", async () => {
  const group = 'network {\n port "a" {}\n }\n network {\n mode = "bridge"\n port "b" {}\n }';
  const job = await loadText(jobText({ group }));
  const { network } = job.groups[0] ?? assert.fail();
  assert.deepEqual([network?.mode, network?.ports.map(({ label }) => label)], ["host", ["a"]]);
  assert.deepEqual(
    job.notes.map(({ message, position }) => `${position.line} ${message}`),
    ["8 network: has no effect, Nomad uses only the first one of a group"],
  );
});

test("a group without a main task is taken with a note", async () => {
  const notesOf = async (lifecycle: string) =>
    (await loadText(jobText({ task: `lifecycle {\n ${lifecycle}\n }` }))).notes.map(({ message }) => message);
  const until = "; Nomad takes that up to version 2.0.5 only";
  assert.deepEqual(await notesOf('hook = "poststop"'), [`group "front": has no main task${until}`]);
  assert.deepEqual(await notesOf('hook = "prestart"\n sidecar = true'), [
    `group "front": has no main task, so its sidecars do not start${until}`,
  ]);
});
