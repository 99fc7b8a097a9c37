import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace, listContainers } from "./cli-run.ts";

const image = testSetting("TEST_IMAGE");
const orders = join(import.meta.dirname, "..", "examples", "orders.nomad.hcl");
const markers = ["flaky-", "lifemain-", "lifepost-", "lifestop-"];

/** A task that runs `script`; `more` goes into its block. */
function taskText(name: string, script: string, more = ""): string {
  return `    task "${name}" {
      driver = "podman"
      ${more}
      config {
        image   = "${image}"
        command = "sh"
        args    = ["-c", <<-EOT
          ${script}
        EOT
        ]
      }
    }
`;
}

function jobText(...tasks: readonly string[]): string {
  const restart = '    restart {\n      attempts = 2\n      interval = "1m"\n      delay = "0s"\n    }\n';
  return `job "life" {\n  type = "batch"\n  group "life" {\n${restart}${tasks.join("")}  }\n}\n`;
}

const countStarts = "echo x >> /local/starts; n=$(wc -l < /local/starts)";

test("a task that fails is started again in a new container, and its last exit code is the one of run", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write(
    "job.hcl",
    jobText(taskText("flaky", `${countStarts}; echo start $n on $(hostname); exit $((n + 10))`)),
  );
  const { code, stdout, stderr } = await workplace.runJob(job);
  const starts = stdout.trim().split("\n").map((line) => /^flaky \| start (\d) on (\w+)$/.exec(line) ?? []);
  assert.deepEqual(starts.map(([, number]) => number), ["1", "2", "3"]);
  assert.equal(new Set(starts.map(([, , host]) => host)).size, 3);
  assert.deepEqual(
    stderr.match(/^flaky \* (?!started).*$/gm),
    [
      "ended: exit code 11",
      "restarting in 0ms (attempt 1 of 2)",
      "ended: exit code 12",
      "restarting in 0ms (attempt 2 of 2)",
      "ended: exit code 13",
      "not restarted: 2 restarts within 1m are used up",
    ].map((line) => `flaky * ${line}`),
  );
  assert.equal(code, 13);
  assert.deepEqual(await listContainers(...markers), []);
});

test("a task that succeeds at its second start makes the run succeed", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText(taskText("flaky", `${countStarts}; [ $n = 2 ]`)));
  const { code, stderr } = await workplace.runJob(job);
  assert.match(stderr, /^flaky \* restarting in 0ms \(attempt 1 of 2\)$/m);
  assert.equal(code, 0);
});

test("poststart runs while the main task runs, and poststop after its failure", async () => {
  await using workplace = await CliWorkplace.create();
  const hook = (name: string): string => `lifecycle {\n        hook = "${name}"\n      }`;
  const job = await workplace.write(
    "job.hcl",
    jobText(
      taskText("lifestop", "echo cleaned up", hook("poststop")),
      taskText("lifepost", "echo announced; touch /alloc/data/announced", hook("poststart")),
      taskText(
        "lifemain",
        "echo up; until [ -e /alloc/data/announced ]; do sleep 0.05; done; echo done; exit 3",
        "restart {\n        attempts = 0\n      }",
      ),
    ),
  );
  const { code, stdout, stderr } = await workplace.runJob(job);
  const said = stdout.replaceAll(/ +\| /g, ": ").trim().split("\n");
  // The main task waits for the poststart task, but their lines come by different ways.
  assert.deepEqual(said.filter((line) => !line.startsWith("lifepost")), ["lifemain: up", "lifemain: done", "lifestop: cleaned up"]);
  assert(said.includes("lifepost: announced"), stdout);
  const order = ["lifemain * started", "lifepost * started", "lifemain * ended", "lifestop * started"].map((line) => stderr.indexOf(line));
  assert.deepEqual(order, order.toSorted((one, other) => one - other));
  assert.equal(code, 3);
  assert.deepEqual(await listContainers(...markers), []);
});

test("the tasks of the orders example hand data to one another through all hooks", async () => {
  await using workplace = await CliWorkplace.create();
  const { code, stdout, stderr } = await workplace.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), "-var", "orders=4", orders]);
  const lines = stdout.trim().split("\n");
  assert.equal(lines[0], "migrate | made an empty table");
  assert.deepEqual(
    lines.filter((line) => line.startsWith("ship ")),
    [1, 2, 3, 4].map((number) => `ship    | shipped order ${number}`),
  );
  assert(lines.includes("shop    | took 4 orders") && lines.includes("check   | the shop is open"), stdout);
  assert.equal(lines.at(-1), "report  | 4 of 4 orders shipped");
  assert.match(stderr, /^check {3}\* restarting in 1(\.\d)?s \(attempt 1 of 2\)$/m);
  assert.match(stderr, /^ship {4}\* stopped: exit code 0$/m);
  assert.match(stderr, /^orders: done, 5 tasks in /m);
  assert.equal(code, 0);
});
