import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ConfigError, launchDriver } from "@driver/nomad-plugin";

import type { GroupNetwork, Job } from "../src/job/job.ts";
import type { LaunchDriver } from "../src/run/driver/launched-driver.ts";
import { RunError } from "../src/run/run-error.ts";
import type { RunErrorCode } from "../src/run/run-error.ts";
import type { RunListener } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { recordRun } from "./record-run.ts";
import { configBody, sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

const command = process.execPath;
const args = [join(import.meta.dirname, "process-plugin.ts")];

/** Launches the process driver as a plugin, and keeps the process ids. */
function recordLaunches(): { readonly launch: LaunchDriver; readonly pids: number[] } {
  const pids: number[] = [];
  const launch: LaunchDriver = async ({ onLog, signal }) => {
    const launched = await launchDriver({ command, args, onLog, signal });
    pids.push(launched.plugin.pid);
    return launched;
  };
  return { launch, pids };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("runs a job through a plugin process and ends the process", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", "echo hello; exit 6")])]), { parentPath: folder.path, launch });
  assert.deepEqual([run.result.exitCode, run.log("only", "stdout").toString()], [6, "hello\n"]);
  assert.deepEqual(pids.map(isAlive), [false]);
});

test("a task outlives its plugin: launched again, it gets back the task, its log and its exit code", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const task = sampleTask("only", "pwd; while [ ! -e local/go ]; do sleep 0.02; done; echo after; exit 7");
  let taskPath = "";
  let isRunning = false;
  const onEvent: RunListener = async (event) => {
    const [pid, second] = pids;
    if (event.kind === "task-log" && taskPath === "") taskPath = Buffer.from(event.data).toString().trim();
    if (event.kind === "task-running") isRunning = true;
    if (isRunning && taskPath !== "" && pid !== undefined && second === undefined && isAlive(pid)) process.kill(pid, "SIGKILL");
    if (event.kind === "note" && event.message.includes("launched again")) await writeFile(join(taskPath, "local", "go"), "");
  };
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, launch, onEvent });
  assert.deepEqual([run.result.exitCode, run.log("only", "stdout").toString()], [7, `${taskPath}\nafter\n`]);
  assert.deepEqual(pids.map(isAlive), [false, false]);
});

test("gives up on a plugin that dies again and again, and says how it ended", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const killLast = (): void => void process.kill(pids.at(-1) ?? 0, "SIGKILL");
  const task = sampleTask("only", "echo $$; exec sleep 600");
  let sleeper = 0;
  const onEvent: RunListener = (event) => {
    if (event.kind === "task-log") sleeper = Number(Buffer.from(event.data).toString());
    if (event.kind === "task-log" || (event.kind === "note" && event.message.includes("recovered"))) killLast();
  };
  const run = await recordRun(sampleJob([sampleGroup([task])]), { parentPath: folder.path, launch, onEvent });
  assert.equal(run.result.exitCode, 1);
  // Nobody is left who would end it.
  process.kill(sleeper, "SIGKILL");
  assert.match(String(run.result.tasks[0]?.error), /the plugin ended 6 times, at last with signal SIGKILL/);
  assert.deepEqual(pids.filter(isAlive), []);
});

test("launches the plugin three times when it is to be probed as by an agent", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const run = await recordRun(sampleJob([sampleGroup([sampleTask("only", "exit 0")])]), { parentPath: folder.path, launch, probe: true });
  assert.deepEqual([run.result.exitCode, pids.length, pids.filter(isAlive)], [0, 3, []]);
});

const position = { line: 1, column: 1 };
const good = sampleTask("only", "exit 0");
const withNetwork = (network: Partial<GroupNetwork>) => sampleGroup([good], { network: { mode: "host", ports: [], position, ...network } });

const refusals: readonly (readonly [string, RunErrorCode | "ConfigError", Job, RegExp])[] = [
  [
    "another driver",
    "job-unsupported",
    sampleJob([sampleGroup([sampleTask("only", "", { driver: "docker" })])]),
    /task "only": driver "docker" is not available; `run` has "process"/,
  ],
  [
    "networking with CNI",
    "job-unsupported",
    sampleJob([withNetwork({ mode: "cni/blue" })]),
    /group "group": network mode "cni\/blue" is not supported by `run`; use "bridge", or leave the mode out and set network_mode/,
  ],
  [
    "a host name for the host's network",
    "job-invalid",
    sampleJob([withNetwork({ hostname: "shop" })]),
    /group "group": a hostname needs network mode "bridge" or "none"; set hostname in the task's config/,
  ],
  [
    "another host network",
    "job-unsupported",
    sampleJob([withNetwork({ ports: [{ label: "http", hostNetwork: "public", position }] })]),
    /port "http": there is no host_network "public"/,
  ],
  ["nothing to run", "job-invalid", sampleJob([sampleGroup([good], { count: 0 })]), /job "sample" has nothing to run/],
  [
    "more cores than there are",
    "job-invalid",
    sampleJob([sampleGroup([{ ...good, resources: { ...good.resources, cores: 5000 } }])]),
    /task "only" asks for 5000 core\(s\)/,
  ],
  [
    "an unknown variable",
    "job-invalid",
    sampleJob([sampleGroup([sampleTask("only", "${attr.gpu}")])]),
    /config script: \$\{attr\.gpu\}: attribute "gpu"/,
  ],
  ["an unknown key", "job-invalid", sampleJob([sampleGroup([{ ...good, config: configBody({ script: "", scrip: "" }) }])]), /scrip/],
];

for (const [what, code, job, message] of refusals) {
  test(`refuses ${what} before anything starts`, async () => {
    await using folder = await emptyFolder();
    const { launch, pids } = recordLaunches();
    await assert.rejects(recordRun(job, { parentPath: folder.path, launch }), (error) => {
      assert(error instanceof RunError || error instanceof ConfigError);
      assert.match(error.message, message);
      assert.equal(error instanceof RunError ? error.code : error.name, code);
      assert.deepEqual(error.position, position);
      return true;
    });
    assert.deepEqual(pids.filter(isAlive), []);
  });
}

test("an unhealthy driver is reported in its own words", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const job = sampleJob([sampleGroup([good])]);
  const run = recordRun(job, { parentPath: folder.path, launch, pluginConfig: configBody({ health: "the engine is away" }) });
  await assert.rejects(run, { name: "RunError", code: "driver-unhealthy", message: 'driver "process" is unhealthy: the engine is away' });
  assert.deepEqual(pids.filter(isAlive), []);
});

test("a plugin configuration that does not fit is reported as such", async () => {
  await using folder = await emptyFolder();
  const { launch } = recordLaunches();
  const run = recordRun(sampleJob([sampleGroup([good])]), { parentPath: folder.path, launch, pluginConfig: configBody({ helth: "x" }) });
  await assert.rejects(run, { name: "RunError", code: "plugin-config-invalid", message: /^plugin config: .*helth/ });
});

test("a program that is no plugin is reported with its end", async () => {
  await using folder = await emptyFolder();
  const launch: LaunchDriver = ({ onLog, signal }) => launchDriver({ command: "/bin/true", onLog, signal });
  await assert.rejects(
    recordRun(sampleJob([sampleGroup([good])]), { parentPath: folder.path, launch }),
    /\/bin\/true ended before its handshake: exit code 0/,
  );
});

test("an interrupt before the first task starts rejects with its reason and ends the plugin", async () => {
  await using folder = await emptyFolder();
  const { launch, pids } = recordLaunches();
  const stop = new AbortController();
  const reason = new Error("interrupted");
  const onEvent: RunListener = (event) => (event.kind === "driver-ready" ? stop.abort(reason) : undefined);
  const run = recordRun(sampleJob([sampleGroup([good])]), { parentPath: folder.path, launch, signal: stop.signal, onEvent });
  await assert.rejects(run, (error) => error === reason);
  assert.deepEqual(pids.map(isAlive), [false]);
});
