import assert from "node:assert/strict";
import { once } from "node:events";
import { globSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { requestEngine, testSetting } from "@driver/testing";

import { CliWorkplace, listContainersOf } from "./cli-run.ts";

const fetchScript = [
  "until wget -qO- http://127.0.0.1:8080/; do sleep 0.2; done",
  "grep -c shop /etc/hosts",
  "until [ -e /alloc/data/go ]; do sleep 0.1; done",
].join("; ");

/** A service that its own group reaches at 127.0.0.1 and the host by the mapped port. The job ends when the test writes alloc/data/go. */
const jobText = `job "grouped" {
  type = "batch"
  group "shop" {
    network {
      mode     = "bridge"
      hostname = "shop"
      port "http" {
        to = 8080
      }
    }
    task "web" {
      driver = "podman"
      lifecycle {
        hook    = "prestart"
        sidecar = true
      }
      config {
        image   = "localhost/busybox:1"
        command = "sh"
        args    = ["-c", "echo hello from $(hostname) >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
      }
    }
    task "fetch" {
      driver = "podman"
      config {
        image   = "localhost/busybox:1"
        command = "sh"
        args    = ["-c", ${JSON.stringify(fetchScript)}]
      }
    }
  }
}
`;

/** The pods of the allocation that `run` has told of. */
async function listPods(told: string): Promise<readonly unknown[]> {
  const [, allocation] = /: allocation ([0-9a-f]{8}),/.exec(told) ?? assert.fail("no allocation");
  const signal = AbortSignal.timeout(60_000);
  const answer = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method: "GET", path: "/pods/json", signal });
  const pods: unknown = JSON.parse(answer.text);
  return Array.isArray(pods) ? pods.filter((pod) => JSON.stringify(pod).includes(`"nomad-${allocation}`)) : [];
}

test("run gives a group on a bridge its network as a pod, without CNI", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText);
  let fetching: Promise<readonly [string, number]> | undefined;
  const { code, stdout, stderr } = await workplace.runJob(job, {
    onOutput: ({ stdout: shown, stderr: told, temporaryPath }) => {
      const [, address] = /, http (\S+) → 8080$/m.exec(told) ?? [];
      if (!shown.includes("fetch | 1\n") || address === undefined) return;
      fetching ??= fetch(`http://${address}/`)
        .then(async (answer) => [await answer.text(), (await listPods(told)).length] as const)
        .finally(() => {
          for (const path of globSync(join(temporaryPath, "*/*/alloc/data"))) writeFileSync(join(path, "go"), "");
        });
    },
  });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "fetch | hello from shop\nfetch | 1\n");
  assert.deepEqual(await fetching, ["hello from shop\n", 1]);
  assert.deepEqual(await listContainersOf({ stderr }), []);
  assert.deepEqual(await listPods(stderr), []);
});

test("a mapped port of a group on a bridge that is taken fails the run before anything is made", async () => {
  await using workplace = await CliWorkplace.create();
  await using taken = createServer();
  taken.listen(0, "0.0.0.0");
  await once(taken, "listening");
  const address = taken.address();
  assert(typeof address === "object" && address !== null);
  const job = await workplace.write("job.hcl", jobText.replace("to = 8080", `static = ${address.port}`));
  const { code, stdout, stderr } = await workplace.runJob(job);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`port "\\w+": ${address.port} on [\\d.]+ is in use by another process`));
  assert.doesNotMatch(stderr, /allocation/);
});

test("a group with network mode none has loopback alone, which its tasks share", async () => {
  await using workplace = await CliWorkplace.create();
  const ask = "ls /sys/class/net; hostname";
  const text = jobText
    .replace('"bridge"', '"none"')
    .replace('hostname = "shop"', 'hostname = "${NOMAD_JOB_NAME}"')
    .replace(JSON.stringify(fetchScript), JSON.stringify(`until wget -qO- http://127.0.0.1:8080/; do sleep 0.2; done; ${ask}`));
  const { code, stdout, stderr } = await workplace.runJob(await workplace.write("job.hcl", text));
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "fetch | hello from grouped\nfetch | lo\nfetch | grouped\n");
  assert.deepEqual(await listPods(stderr), []);
});
