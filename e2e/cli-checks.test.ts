import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace, listContainersOf } from "./cli-run.ts";

const health = join(import.meta.dirname, "..", "examples", "health.nomad.hcl");

test("the health example restarts a server that does not answer, and shows when it does", async () => {
  await using workplace = await CliWorkplace.create();
  const { code, stdout, stderr } = await workplace.runJob(health);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^visitor \| well$/m);
  const told = stderr
    .split("\n")
    .flatMap((line) => /^server {2}\* ((?:check|stopping|restarting|started).*)/.exec(line)?.[1] ?? [])
    .map((text) => text.replace(/: critical: .*/, ": critical"));
  // The check goes on with the allocation, whatever the container: either of two may come first.
  const inTwos = [told.slice(0, 2).toSorted(), told.slice(2, 4), told.slice(4, 6).toSorted(), told.slice(6)];
  assert.deepEqual(inTwos, [
    ['check "answers" of service page: critical', "started"],
    ['stopping: check "answers" is unhealthy', "restarting in 0ms (attempt 1 of 1)"],
    ['check "answers" of service page: passing: http ok', "started"],
    ["stopping: the main tasks are done"],
  ]);
  assert.deepEqual(await listContainersOf({ stderr }), []);
});

test("a script runs in its container, and programs are told what it says", async () => {
  await using workplace = await CliWorkplace.create();
  const check = "until [ -e /local/state ]; do sleep 0.1; done; n=$(cat /local/state); hostname; echo $n; echo >> /local/seen$n; exit $n";
  // A state lasts until a second check has seen it: the first one has been told by then.
  const seenTwice = "[ $(wc -l < /local/seen$n 2>/dev/null || echo 0) -ge 2 ]";
  const stepOn = `for n in 0 1 2; do echo $n > /local/next; mv /local/next /local/state; until ${seenTwice}; do sleep 0.1; done; done`;
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
            args      = ["-c", ${JSON.stringify(check)}]
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
            args     = ["-c", ${JSON.stringify(stepOn)}]
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
