import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace, listContainers } from "./cli-run.ts";

const health = join(import.meta.dirname, "..", "examples", "health.nomad.hcl");

test("the health example restarts a server that does not answer, and shows when it does", async () => {
  await using workplace = await CliWorkplace.create();
  const { code, stdout, stderr } = await workplace.runJob(health);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^visitor \| well$/m);
  const told = stderr.split("\n").filter((line) => /^server {2}\* (check|stopping|restarting|started)/.test(line));
  assert.deepEqual(
    told.map((line) => line.replace(/: critical: .*/, ": critical")),
    [
      "started",
      'check "answers" of service page: critical',
      'stopping: check "answers" is unhealthy',
      "restarting in 0ms (attempt 1 of 1)",
      "started",
      'check "answers" of service page: passing: http ok',
      "stopping: the main tasks are done",
    ].map((text) => `server  * ${text}`),
  );
  assert.deepEqual(await listContainers("server-", "visitor-"), []);
});

test("a script runs in its container, and programs are told what it says", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write(
    "job.hcl",
    `job "script" {
      type = "batch"
      group "script" {
        service {
          name = "files"
          check {
            type      = "script"
            task      = "files"
            command   = "sh"
            args      = ["-c", "hostname; cat /local/state; exit $(cat /local/state)"]
            interval  = "1s"
            timeout   = "5s"
            on_update = "ignore"
          }
        }
        task "files" {
          driver = "podman"
          config {
            image    = "${testSetting("TEST_IMAGE")}"
            hostname = "inside"
            command  = "sh"
            args     = ["-c", "for n in 0 1 2; do echo $n > /local/state; sleep 2; done"]
          }
        }
      }
    }`,
  );
  const { code, stdout } = await workplace.run(["run", "-json", "-socket", testSetting("TEST_PODMAN_SOCKET"), job]);
  assert.equal(code, 0, stdout);
  const lines: unknown[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const told = lines.filter((line) => typeof line === "object" && line !== null && "kind" in line && line.kind === "check-status");
  const place = { group: "script", allocIndex: 0, task: "files", service: "files", check: 'service: "files" check' };
  assert.deepEqual(
    told.map((line) => ({ ...Object(line), time: "" })),
    ["passing", "warning", "critical"].map((status, index) => ({
      ...{ kind: "check-status", time: "", ...place, provider: "consul", mode: "readiness", status, output: `inside\n${index}` },
    })),
  );
});
