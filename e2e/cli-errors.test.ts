import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace, listContainers } from "./cli-run.ts";
import type { CliResult } from "./cli-run.ts";

const image = testSetting("TEST_IMAGE");

/** A job with one task that ends at once; `changes` replaces lines of it. */
function jobText(changes: Readonly<Record<string, string>> = {}): string {
  const lines = {
    job: 'job "errors" {',
    type: '  type = "batch"',
    group: '  group "errors" {',
    network: "",
    task: '    task "errortask" {',
    driver: '      driver = "podman"',
    config: "      config {",
    image: `        image = "${image}"`,
    command: '        command = "true"',
    end: "      }\n    }\n    restart {\n      attempts = 0\n    }\n  }\n}",
    ...changes,
  };
  return `${Object.values(lines).join("\n")}\n`;
}

/** Exit code 1, nothing on stdout, one clear text on stderr: no stack trace. */
function assertRefused({ code, stdout, stderr }: CliResult, message: RegExp): void {
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+\)?$/m);
  assert.deepEqual([code, stdout], [1, ""]);
}

async function listen(server: Server, path: string): Promise<AsyncDisposable> {
  server.listen(path);
  await once(server, "listening");
  return server;
}

test("a socket that does not exist is named", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const result = await workplace.run(["run", "-socket", "unix:///nowhere/podman.sock", job]);
  assertRefused(result, /^error: driver "podman" is undetected: .*\/nowhere\/podman\.sock.* does not exist/);
});

test("a socket that nobody serves is named", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  // A plain file where the socket should be refuses connections, as the socket of a service that died does.
  const socket = await workplace.write("dead.sock", "");
  const result = await workplace.run(["run", "-socket", `unix://${socket}`, job]);
  assertRefused(result, /^error: driver "podman" is undetected: .*dead\.sock/);
});

test("a socket that never answers is given up in time", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const socket = join(workplace.path, "deaf.sock");
  // It reads, so that it notices the end of a connection, and never answers.
  await using _deaf = await listen(
    createServer((connection) => connection.resume()),
    socket,
  );
  const result = await workplace.run(["run", "-socket", socket, job]);
  assertRefused(result, /^error: driver "podman" is \w+: .*deaf\.sock/);
});

test("a syntax error is shown with file, line, column and the line", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ driver: "      driver = = 1" }));
  assertRefused(await workplace.runJob(job), /job\.hcl:6:\d+: .+\n6 \|       driver = = 1\n {2}\| +\^\n$/);
});

test("a mistake in a job in JSON is shown the same way", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.json", '{ "Job": { "ID": "a",\n  "TaskGroups": [}] } }\n');
  const excerpt = /2 \| {3}"TaskGroups": \[}] } }\n {2}\| +\^\n$/;
  assertRefused(await workplace.runJob(job), new RegExp(`job\\.json:2:18: this is not valid JSON: unexpected "}"\n${excerpt.source}`));
});

test("an unknown key of the task's config is named with the nearest known one", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ command: '        comand = "true"' }));
  assertRefused(await workplace.runJob(job), /job\.hcl:9:9: .*comand.*command.*\n9 \|         comand = "true"\n {2}\|         \^\n$/s);
});

test("an unknown variable in the config is named with its place", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ command: '        command = "${NOMAD_PORT_http}"' }));
  assertRefused(
    await workplace.runJob(job),
    /job\.hcl:9:9: config command: \$\{NOMAD_PORT_http\}: unknown variable NOMAD_PORT_http; a literal/,
  );
});

test("a missing image fails the task with its name, and nothing stays", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ image: '        image = "localhost/no-such-image:1"' }));
  const { code, stderr } = await workplace.runJob(job);
  assert.match(stderr, /^errortask \* failed: .*localhost\/no-such-image:1/m);
  assert.equal(code, 1);
  assert.deepEqual(await listContainers("errortask-"), []);
});

test("all keys that the driver would refuse are shown at their places, before a prestart task runs", async () => {
  await using workplace = await CliWorkplace.create();
  const prestart = `    task "before" {
      driver = "podman"
      lifecycle {
        hook = "prestart"
      }
      config {
        image = "${image}"
      }
    }`;
  const command =
    '        static_mac = "${NOMAD_META_yes}"\n        network_mode = "host:wat"\n        logging {\n          driver = "wat"\n        }';
  const job = await workplace.write(
    "job.hcl",
    jobText({ type: '  type = "batch"\n  meta {\n    yes = true\n  }', network: prestart, command }),
  );
  const result = await workplace.runJob(job);
  assertRefused(
    result,
    /job\.hcl:20:9: config key static_mac: "true" is not a MAC address; .*\n20 \|         static_mac = .*\n {3}\| {9}\^\n/,
  );
  assert.match(
    result.stderr,
    new RegExp(
      /job\.hcl:21:9: config key network_mode: "host:wat" is no network; .*\n21 \| .*\n.*\n/.source +
        /.*job\.hcl:23:11: config key logging\.driver: "wat" is no log driver/.source,
    ),
  );
  assert.doesNotMatch(result.stderr, / \* /);
});

test("a log FIFO that cannot be made fails the task, and the run ends", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const mkfifo = await workplace.write("mkfifo", '#!/bin/sh\ncase "$*" in *stderr*) exit 1;; esac\nexec /usr/bin/mkfifo "$@"\n');
  await chmod(mkfifo, 0o755);
  const { code, stderr } = await workplace.runJob(job, { env: { PATH: `${workplace.path}:${process.env["PATH"]}` } });
  assert.match(stderr, /^errortask \* failed: make the log FIFOs .*stderr\.fifo: mkfifo ended with code 1$/m);
  assert.equal(code, 1);
});

for (const [what, end] of [
  ["goes on", 'exec /usr/bin/mkfifo "$@"'],
  ["fails for it", "exit 1"],
] as const) {
  test(`Ctrl-C while a log FIFO is made, which ${what}, gives 130`, async () => {
    await using workplace = await CliWorkplace.create();
    const job = await workplace.write("job.hcl", jobText());
    // At once, two threads of the run may take the signal and the end of this program, in either order.
    const mkfifo = await workplace.write("mkfifo", `#!/bin/sh\nkill -INT $PPID\nsleep 0.2\n${end}\n`);
    await chmod(mkfifo, 0o755);
    const { code } = await workplace.runJob(job, { env: { PATH: `${workplace.path}:${process.env["PATH"]}` } });
    assert.equal(code, 130);
  });
}

test("a port in use is named with its label and number, before anything starts", async () => {
  await using workplace = await CliWorkplace.create();
  await using server = createServer();
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const network = `    network {\n      port "http" {\n        static = ${address.port}\n      }\n    }`;
  const job = await workplace.write("job.hcl", jobText({ network }));
  const result = await workplace.runJob(job);
  assertRefused(
    result,
    new RegExp(`job\\.hcl:5:7: port "http": ${address.port} on [\\d.]+ is in use by another process\\n5 \\|       port "http" \\{`),
  );
});

const unsupported: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ["group networking", { network: '    network {\n      mode = "cni/blue"\n    }' }, /job\.hcl:4:5: .*cni\/blue.*/],
  ["another driver", { driver: '      driver = "docker"' }, /job\.hcl:5:5: .*driver "docker"/],
  ["a block that needs a cluster", { network: '    volume "data" {\n      type = "csi"\n    }' }, /job\.hcl:4:5: .*volume/],
];

for (const [what, changes, message] of unsupported) {
  test(`${what} is refused by name and line`, async () => {
    await using workplace = await CliWorkplace.create();
    const job = await workplace.write("job.hcl", jobText(changes));
    assertRefused(await workplace.runJob(job), message);
  });
}

const noJobs: readonly (readonly [string, string, RegExp])[] = [
  ["an empty file", "", /^.*job\.hcl: the file is empty\n$/],
  ["a file that is no job", "x = 1\n", /job\.hcl:1:1: .*x/],
  ["a binary file", "\u0000\u0001", /job\.hcl: this is a binary file, not a job file/],
];

for (const [what, text, message] of noJobs) {
  test(`${what} is refused`, async () => {
    await using workplace = await CliWorkplace.create();
    assertRefused(await workplace.runJob(await workplace.write("job.hcl", text)), message);
  });
}

test("a file that does not exist is named", async () => {
  await using workplace = await CliWorkplace.create();
  assertRefused(await workplace.runJob("/nowhere/job.hcl"), /^\/nowhere\/job\.hcl: read the file: there is no such file\n$/);
});

test("a variable without a value is named", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", `variable "tag" {}\n${jobText()}`);
  assertRefused(await workplace.runJob(job), /job\.hcl:1:1: .*tag/);
});

const usages: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["no command", [], /^nomad-driver-podman: runs Nomad tasks/],
  ["an unknown command", ["rum"], /^error: unknown command "rum"; known are run, validate, version and help\n$/],
  ["no file", ["run"], /^error: run: no job file given/],
  ["two files", ["run", "a", "b"], /^error: run: one job file at a time/],
  ["an unknown option", ["run", "--colour", "x"], /^error: run: unknown option "--colour"; -h shows all there are\n$/],
  ["a variable without a value", ["run", "-var", "tag", "x"], /^error: run: -var "tag" is not of the form name=value\n$/],
];

for (const [what, args, message] of usages) {
  test(`${what} on the command line gets a sentence`, async () => {
    await using workplace = await CliWorkplace.create();
    assertRefused(await workplace.run(args), message);
  });
}

test("an agent file without a block for this plugin is refused", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const agent = await workplace.write("agent.hcl", 'plugin "docker" {}\n');
  const result = await workplace.run(["run", "-plugin-config", agent, job]);
  assertRefused(result, /agent\.hcl: this file does not configure the plugin "nomad-driver-podman": there is only "docker"/);
});

test("a mistake in the agent file is shown at its place in that file", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const agent = await workplace.write("agent.hcl", 'plugin "nomad-driver-podman" {\n  config {\n    socket_pth = "x"\n  }\n}\n');
  const result = await workplace.run(["run", "-plugin-config", agent, job]);
  assertRefused(result, /agent\.hcl:3:5: plugin config: .*socket_pth.*\n3 \|     socket_pth = "x"/s);
});

test("what the driver refuses of the agent file is shown at its place in that file", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText());
  const agent = await workplace.write("agent.hcl", 'plugin "nomad-driver-podman" {\n  config {\n    pids_limit = -1\n  }\n}\n');
  const result = await workplace.run(["run", "-plugin-config", agent, job]);
  assertRefused(result, /agent\.hcl:3:5: plugin config: config key pids_limit: -1 is no limit; .*\n3 \|     pids_limit = -1/s);
});

test("a host of another kind, with a wrong cookie, gets go-plugin's notice", async () => {
  await using workplace = await CliWorkplace.create();
  assertRefused(await workplace.run([], { env: { NOMAD_PLUGIN_MAGIC_COOKIE: "wrong" } }), /This program is a plugin/);
});
