import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { requestEngine, testSetting, until } from "@driver/testing";

import { CliWorkplace, listContainers } from "./cli-run.ts";

const run = promisify(execFile);

const jobText = `job "killed" {
  type = "batch"
  group "killed" {
    task "killedtask" {
      driver = "podman"
      config {
        image   = "${testSetting("TEST_IMAGE")}"
        command = "sh"
        args    = ["-c", "echo ready; exec sleep 600"]
      }
    }
  }
}
`;

/** The shell lines of the documentation that remove what a killed run has left, without those that are for the eye. */
async function documentedCleanUp(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, "../docs/running-without-nomad.md"), "utf8");
  const lines = /### After `kill -9`.*?```sh\n(.*?)```/s.exec(text)?.[1] ?? "";
  return lines.replace(/^ps .*\n/, "").replaceAll("podman ps", "podman --remote ps").replaceAll("podman rm", "podman --remote rm");
}

/** Starts a run, kills it as soon as its task writes, and returns the plugin's process id. */
async function killARun(jobPath: string, temporaryPath: string): Promise<number> {
  const args = ["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), jobPath];
  const child = spawn(testSetting("TEST_PLUGIN"), args, {
    env: { ...process.env, TMPDIR: temporaryPath },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
  child.kill("SIGKILL");
  await once(child, "exit");
  return Number(children.trim().split(" ")[0]);
}

test("what a killed run has left is named by the next run, and goes as the documentation says", async () => {
  await using workplace = await CliWorkplace.create();
  const temporary = join(workplace.path, "killed");
  await mkdir(temporary);
  const job = await workplace.write("job.hcl", jobText);
  const plugin = await killARun(job, temporary);
  assert.match((await run("ps", ["-o", "args=", "-p", String(plugin)])).stdout, /nomad-driver-podman$/m);
  const [name = ""] = (await readdir(temporary)).filter((entry) => entry.startsWith("nomad-run-"));
  const folder = join(temporary, name);
  const next = await workplace.run(["run", "-socket", "/nowhere.sock", job], { env: { TMPDIR: temporary } });
  const note = "note: left behind by runs that were killed, perhaps with tasks that still run, and removed with -clean";
  assert(next.stderr.includes(`${note}: ${folder}\n`), next.stderr);

  process.kill(plugin, "SIGTERM");
  assert.equal((await listContainers("killedtask-")).length, 1);
  const env = { ...process.env, folder, CONTAINER_HOST: `unix://${testSetting("TEST_PODMAN_SOCKET")}` };
  await run("sh", ["-ec", await documentedCleanUp()], { env });
  assert.deepEqual(await listContainers("killedtask-"), []);
  assert.deepEqual((await readdir(temporary)).filter((entry) => entry === name), []);
});

test("what a killed run has left goes with the next run where that is asked for, the group's pod too", async () => {
  await using workplace = await CliWorkplace.create();
  const temporary = join(workplace.path, "killed");
  await mkdir(temporary);
  const bridge = 'group "killed" {\n    network {\n      mode = "bridge"\n    }';
  const job = await workplace.write("job.hcl", jobText.replace('group "killed" {', bridge));
  const plugin = await killARun(job, temporary);
  const [container = "", ...others] = await listContainers("killedtask-");
  assert.deepEqual(others, []);
  const pod = `/pods/nomad-${container.replace("killedtask-", "")}-group/exists`;
  const askForPod = () =>
    requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method: "GET", path: pod, signal: AbortSignal.timeout(60_000) });
  assert.equal((await askForPod()).status, 204);
  const left = (await readdir(temporary)).filter((entry) => entry.startsWith("nomad-run-"));
  const short = await workplace.write("short.hcl", jobText.replaceAll("killed", "short").replace("exec sleep 600", "true"));
  const args = ["run", "-clean", "-socket", testSetting("TEST_PODMAN_SOCKET"), short];
  const next = await workplace.run(args, { env: { TMPDIR: temporary } });
  assert(next.stderr.includes(`note: removed what a killed run has left: ${join(temporary, left[0] ?? "")}\n`), next.stderr);
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual([await listContainers("killedtask-"), (await askForPod()).status], [[], 404]);
  await until(async () => (await readdir(temporary)).length === 0);
  assert.throws(() => process.kill(plugin, 0), { code: "ESRCH" });
});
