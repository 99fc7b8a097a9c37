import assert from "node:assert/strict";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace } from "./cli-run.ts";

const socket = testSetting("TEST_PODMAN_SOCKET");

function jobText(script: string): string {
  return `job "json" {
  type = "batch"
  group "json" {
    restart {
      attempts = 1
      interval = "1m"
      delay    = "0s"
    }
    task "jsontask" {
      driver = "podman"
      config {
        image   = "${testSetting("TEST_IMAGE")}"
        command = "sh"
        args    = ["-c", <<-EOT
          ${script}
        EOT
        ]
      }
    }
  }
}
`;
}

interface JsonLine {
  readonly kind: string;
  readonly time: string;
  readonly task?: string;
  readonly stream?: string;
  readonly text?: string;
  readonly base64?: string;
  readonly exitCode?: number;
  readonly message?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly isWithinPolicy?: boolean;
}

function parseLines(stdout: string): readonly JsonLine[] {
  assert(stdout.endsWith("\n"));
  return stdout
    .slice(0, -1)
    .split("\n")
    .map((line): JsonLine => JSON.parse(line));
}

/** All bytes that one stream's `log` lines stand for. */
function bytesOf(lines: readonly JsonLine[], stream: string): Buffer {
  const logs = lines.filter((line) => line.kind === "log" && line.stream === stream && line.task === "jsontask");
  return Buffer.concat(logs.map(({ text, base64 }) => (text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text))));
}

test("every line is JSON with all events and all output, and stderr is empty", async () => {
  await using workplace = await CliWorkplace.create();
  const script = "printf 'grün\\nno newline'; head -c 100000 /dev/zero; printf '\\377\\376' >&2; exit 4";
  const { code, stdout, stderr } = await workplace.run([
    "run",
    "-json",
    "-socket",
    socket,
    await workplace.write("job.hcl", jobText(script)),
  ]);
  const lines = parseLines(stdout);
  const life = Buffer.concat([Buffer.from("grün\nno newline"), Buffer.alloc(100_000)]);
  assert.deepEqual(bytesOf(lines, "stdout"), Buffer.concat([life, life]));
  assert.deepEqual(bytesOf(lines, "stderr"), Buffer.from([0xff, 0xfe, 0xff, 0xfe]));
  const told = lines.map(({ kind }) => kind).filter((kind) => !["log", "plugin-log", "task-event"].includes(kind));
  const oneLife = ["task-starting", "task-running", "task-exited"];
  assert.deepEqual(told, ["driver-ready", "allocation", ...oneLife, "task-restarting", ...oneLife, "task-not-restarting", "done"]);
  assert(lines.every(({ time }) => new Date(time).toISOString() === time));
  assert.equal(lines.at(-1)?.exitCode, 4);
  assert.deepEqual([code, stderr], [4, ""]);
});

test("a job that cannot run is an error line with its place, and explained on stderr", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText("true").replace("command = ", "comand = "));
  const { code, stdout, stderr } = await workplace.run(["run", "--json", "-socket", socket, job]);
  const [error, done, ...rest] = parseLines(stdout).filter(({ kind }) => kind !== "driver-ready" && kind !== "plugin-log");
  assert.deepEqual([error?.kind, error?.file, error?.line, error?.column], ["error", job, 13, 9]);
  assert.match(error?.message ?? "", /comand/);
  assert.deepEqual([done?.kind, done?.exitCode, rest.length, code], ["done", 1, 0, 1]);
  assert.match(stderr, /job\.hcl:13:9: .*comand/);
});

test("with log_collection = \"driver\" run follows the files that the driver writes", async () => {
  await using workplace = await CliWorkplace.create();
  const agent = await workplace.write(
    "agent.hcl",
    `plugin "nomad-driver-podman" {\n  config {\n    socket_path    = "unix://${socket}"\n    log_collection = "driver"\n  }\n}\n`,
  );
  const job = await workplace.write(
    "job.hcl",
    jobText("seq 30000; echo problem >&2; [ -e /local/again ] || { touch /local/again; exit 1; }"),
  );
  const { code, stdout } = await workplace.run(["run", "-json", "-plugin-config", agent, job]);
  const lines = parseLines(stdout);
  const numbers = Array.from({ length: 30_000 }, (_, index) => `${index + 1}\n`).join("");
  // Compared before they are shown: half a megabyte makes no readable message.
  assert(bytesOf(lines, "stdout").toString() === numbers + numbers, "the numbers of both starts, each once");
  assert.equal(bytesOf(lines, "stderr").toString(), "problem\nproblem\n");
  assert.equal(code, 0);
});
