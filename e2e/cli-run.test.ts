import assert from "node:assert/strict";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting, until } from "@driver/testing";

import { CliWorkplace, listContainers, sendAfter } from "./cli-run.ts";

const image = testSetting("TEST_IMAGE");

/** A batch job with one task that runs `script`, once. */
function jobText(script: string, task = ""): string {
  return `variable "word" {
  default = "none"
}

job "cli" {
  type = "batch"
  group "cli" {
    restart {
      attempts = 0
    }
    task "clitask" {
      driver = "podman"
      ${task}
      config {
        image   = "${image}"
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

for (const code of [0, 3, 137]) {
  test(`the exit code ${code} of the task is the exit code of run`, async () => {
    await using workplace = await CliWorkplace.create();
    const result = await workplace.runJob(await workplace.write("job.hcl", jobText(`exit ${code}`)));
    assert.equal(result.code, code);
  });
}

test("lines go to the stream they were written to, with the task's name, and a last line without newline is shown", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText("printf 'one\\ntwo'; echo problem >&2"));
  const { stdout, stderr } = await workplace.runJob(job);
  assert.equal(stdout, "clitask | one\nclitask | two\n");
  assert.match(stderr, /^clitask \| problem$/m);
  assert.doesNotMatch(stdout + stderr, /\u001b/);
});

test("variables come from the command line and from files, in Nomad's and in the usual spelling", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText("echo ${var.word}"));
  const file = await workplace.write("words.hcl", 'word = "file"\n');
  const options = [["-var", "word=a=b"], ["--var=word=a=b"], ["-var=word=a=b"], ["-var-file", file]];
  const printed: string[] = [];
  for (const option of options) {
    const { stdout } = await workplace.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), ...option, job]);
    printed.push(stdout);
  }
  assert.deepEqual(printed, ["clitask | a=b\n", "clitask | a=b\n", "clitask | a=b\n", "clitask | file\n"]);
});

test("the agent's plugin block configures the driver", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText("echo up"));
  const agent = await workplace.write(
    "agent.hcl",
    `plugin "nomad-driver-podman" {\n  config {\n    socket_path = "unix://${testSetting("TEST_PODMAN_SOCKET")}"\n  }\n}\n`,
  );
  const { code, stdout } = await workplace.run(["run", "-plugin-config", agent, job]);
  assert.deepEqual([code, stdout], [0, "clitask | up\n"]);
});

test("Ctrl-C stops the job in order, removes everything and gives 130", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done"));
  const { code, stdout, stderr } = await workplace.runJob(job, {
    onOutput: sendAfter("clitask | ready\n"),
  });
  assert.equal(stdout, "clitask | ready\nclitask | bye\n");
  assert.match(stderr, /^clitask \* stopping: interrupted$/m);
  assert.doesNotMatch(stderr, /second Ctrl-C/);
  assert.equal(code, 130);
  assert.deepEqual(await listContainers("clitask-"), []);
});

test("a second Ctrl-C kills what does not stop", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write(
    "job.hcl",
    jobText("trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done", 'kill_timeout = "10m"'),
  );
  const { code, stdout, stderr } = await workplace.runJob(job, {
    onOutput: sendAfter("clitask | ready\n", "clitask | ready\nclitask | no\n"),
  });
  assert.match(stderr, /^note: the tasks are given time to stop; a second Ctrl-C kills them at once$/m);
  assert.equal(stdout, "clitask | ready\nclitask | no\n");
  assert.equal(code, 130);
  assert.deepEqual(await listContainers("clitask-"), []);
});

/** The process that `pid` started: the plugin. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

test("a container outlives its plugin: run goes on with its log and its exit code", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write(
    "job.hcl",
    jobText("echo before; while [ ! -e /alloc/data/go ]; do sleep 0.05; done; echo after; exit 5"),
  );
  let isKilled = false;
  let killing: Promise<unknown> | undefined;
  let isReleased = false;
  const { code, stdout, stderr } = await workplace.runJob(job, {
    onOutput: ({ stdout: shown, stderr: told, pid, temporaryPath }) => {
      if (!isKilled && shown === "clitask | before\n" && told.includes("clitask * started")) {
        isKilled = true;
        // Killed before it has noted what it delivered, a plugin delivers that again.
        const notes = join(temporaryPath, "*/*/clitask/.podman-log-position");
        const isNoted = (): boolean => globSync(notes).some((path) => statSync(path).size > 0);
        killing = until(isNoted).then(() => process.kill(childOf(pid), "SIGKILL"));
      }
      if (!isReleased && told.includes("has recovered 1 task")) {
        isReleased = true;
        for (const path of globSync(join(temporaryPath, "*/*/alloc/data"))) writeFileSync(join(path, "go"), "");
      }
    },
  });
  await killing;
  assert.match(stderr, /^note: the plugin ended \(signal SIGKILL\); it is launched again$/m);
  assert.equal(stdout, "clitask | before\nclitask | after\n");
  assert.equal(code, 5);
  assert.deepEqual(await listContainers("clitask-"), []);
});

test("run -h, help and version print to stdout and end well", async () => {
  await using workplace = await CliWorkplace.create();
  for (const [args, text] of [
    [["run", "-h"], /^Usage: .* run \[options\] FILE/],
    [["help"], /run FILE/],
    [["version"], /^nomad-driver-podman v\d+\.\d+\.\d+/],
  ] as const) {
    const { code, stdout, stderr } = await workplace.run(args);
    assert.match(stdout, text);
    assert.deepEqual([code, stderr], [0, ""]);
  }
});
