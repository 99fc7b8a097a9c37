import assert from "node:assert/strict";
import { request } from "node:http";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test, type TestContext } from "node:test";
import { prepareReferenceHost } from "./reference-host/prepare-reference-host.ts";
import { pick, pickBytes, runScenario, type Observation, type ScenarioOptions } from "./reference-host/run-scenario.ts";

const goBuildLimitMs = 300_000;
const scenarioLimitMs = 200_000;

const scratch = setting("TEST_SCRATCH");
const plugin = setting("TEST_PLUGIN");
const podmanSocket = setting("TEST_PODMAN_SOCKET");
const image = setting("TEST_IMAGE");
const prepared = await prepareReferenceHost(scratch, AbortSignal.timeout(goBuildLimitMs));
const options = { skip: prepared.kind === "missing" ? prepared.reason : false, timeout: scenarioLimitMs };

describe("the built plugin under HashiCorp's go-plugin", () => {
  test("lives one task from fingerprint to destroy", options, async (t) => {
    const seen = await observe(t, "life");
    checkIntroduction(seen);
    checkRunningTask(seen);
    checkEndedTask(seen);
    checkKills(seen, ["life"]);
    checkPluginLog(seen, { errors: false });
    t.diagnostic(`first fingerprint ${number(one(seen, "fingerprint"), "ms")} ms, first stats ${number(one(seen, "stats"), "ms")} ms`);
    await checkNoContainers(seen, t.signal);
  });

  test("ends at once and leaves nothing in each of an agent's three launches", options, async (t) => {
    const seen = await observe(t, "launches");
    checkKills(seen, ["schema", "check", "real"]);
    checkPluginLog(seen, { errors: false });
    assert.equal(one(seen, "fingerprint")["health"], 2);
    const spawn = one(seen, "spawn");
    t.diagnostic(`spawn to handshake ${number(spawn, "handshakeMs")} ms, to PluginInfo ${number(spawn, "pluginInfoMs")} ms`);
    t.diagnostic(`kills: ${all(seen, "kill").map((kill) => `${number(kill, "ms")} ms`).join(", ")}`);
  });

  test("keeps a connection and a long wait through two thousand cancelled calls", options, async (t) => {
    const seen = await observe(t, "cancels");
    const storm = one(seen, "storm");
    assert.deepEqual(storm["unexpected"], []);
    assert.equal(storm["waiterSurvived"], true, "the long WaitTask was answered during the storm");
    assert.deepEqual(one(seen, "connection")["changes"], []);
    assert.equal(pick(one(seen, "stop"), "end", "code"), "OK");
    checkWait(seen, "long", 9);
    assert.equal(one(seen, "destroy")["code"], "OK");
    checkKills(seen, ["cancels"]);
    checkPluginLog(seen, { errors: false });
    t.diagnostic(
      `${number(storm, "calls")} calls in ${number(storm, "ms")} ms, ` +
        `RssAnon ${number(storm, "rssAnonBeforeKb")} -> ${number(storm, "rssAnonAfterKb")} KiB`,
    );
    await checkNoContainers(seen, t.signal);
  });

  test("refuses with a text that says what is wrong and a code that Nomad understands", options, async (t) => {
    const seen = await observe(t, "errors");
    assert.deepEqual(
      all(seen, "failure").map((failure) => failure["of"]).toSorted(),
      refusals.map((refusal) => refusal.of).toSorted(),
    );
    for (const failure of all(seen, "failure")) {
      checkRefusal(failure);
    }
    assert.equal(pick(one(seen, "inspect-after-failures"), "task", "state"), 1, "the task took harm from refused calls");
    assert.notEqual(one(seen, "fingerprint")["health"], 2, "healthy without Podman");
    checkKills(seen, ["errors", "no-podman"]);
    checkPluginLog(seen, { errors: true });
    await checkNoContainers(seen, t.signal);
  });
});

interface Refusal {
  readonly of: string;
  readonly code?: "Unimplemented" | "FailedPrecondition";
  readonly text?: RegExp;
  readonly recoverable?: boolean;
}

/** Without a code: Unknown, or FailedPrecondition with Nomad's recoverable detail. */
const refusals: readonly Refusal[] = [
  { of: "unknown method", code: "Unimplemented" },
  { of: "unknown service", code: "Unimplemented" },
  ...["WaitTask", "InspectTask", "DestroyTask", "SignalTask", "ExecTask"].map((name) => ({
    of: `${name} of an unknown task`,
    text: /task not found for given id/,
    recoverable: false,
  })),
  { of: "undecodable config", text: /config/i, recoverable: false },
  { of: "empty image", text: /image/, recoverable: false },
  { of: "wrong value", text: /network_mode.*sideways/s, recoverable: false },
  { of: "wrong entrypoint", text: /entrypoint/, recoverable: false },
  { of: "missing image", text: /reference-host-has-no-such-image/ },
  { of: "missing command", text: /\/no\/such\/command/, recoverable: false },
  { of: "second start", text: /already/, recoverable: false },
  { of: "destroy without force", text: /running/, recoverable: false },
  { of: "unknown signal", text: /SIGNONSENSE/, recoverable: false },
  { of: "exec without setup", text: /first message should always be setup/, recoverable: false },
  { of: "no podman", text: /absent\.sock/, code: "FailedPrecondition", recoverable: true },
];

function checkRefusal(failure: Observation): void {
  const expected = refusals.find((refusal) => refusal.of === failure["of"]);
  assert.ok(expected, `an observation of no expected kind: ${JSON.stringify(failure)}`);
  const code = pick(failure, "end", "code");
  const said = String(pick(failure, "end", "text"));
  if (expected.code === undefined) {
    assert.ok(code === "Unknown" || code === "FailedPrecondition", `${expected.of}: code ${String(code)}: ${said}`);
  } else {
    assert.equal(code, expected.code, `${expected.of}: ${said}`);
  }
  if (expected.text !== undefined) {
    assert.match(said, expected.text, expected.of);
  }
  assert.doesNotMatch(said, /\[object |undefined|\n\s+at /, expected.of);
  if (code === "FailedPrecondition") {
    assert.equal(typeof pick(failure, "end", "recoverable"), "boolean", `${expected.of}: no RecoverableError detail`);
  }
  if (expected.recoverable !== undefined) {
    assert.equal(pick(failure, "end", "recoverable") ?? false, expected.recoverable, `${expected.of}: recoverable`);
  }
}

function checkIntroduction(seen: readonly Observation[]): void {
  const info = one(seen, "plugin-info");
  assert.equal(info["name"], "podman");
  assert.equal(info["type"], 2);
  assert.deepEqual(info["plugin_api_versions"], ["v0.1.0"]);
  assert.match(String(info["plugin_version"]), /^\d+\.\d+\.\d+$/);
  const capabilities = pick(one(seen, "Capabilities"), "capabilities");
  assert.equal(pick(capabilities, "send_signals"), true);
  assert.equal(pick(capabilities, "exec"), true);
  assert.equal(pick(capabilities, "fs_isolation"), 2);
  const fingerprint = one(seen, "fingerprint");
  assert.equal(fingerprint["health"], 2, String(fingerprint["description"]));
  assert.equal(fingerprint["description"], "Healthy");
}

function checkRunningTask(seen: readonly Observation[]): void {
  const started = one(seen, "started");
  assert.equal(pick(started, "handle", "version"), 1);
  assert.equal(pick(started, "handle", "config", "id"), started["taskId"]);
  assert.notEqual(pickBytes(started, "handle", "driver_state").length, 0);

  const logs = one(seen, "logs-while-running");
  assert.deepEqual(pickBytes(logs, "stdout"), expectedStdout);
  assert.deepEqual(pickBytes(logs, "stderr"), Buffer.from("a remark\n"));

  assert.equal(pick(one(seen, "inspect-while-running"), "task", "state"), 1);
  const usage = pick(one(seen, "stats"), "stats", "agg_resource_usage");
  assert.ok(Number(pick(usage, "memory", "usage")) > 0, "no memory usage in the first sample");
  assert.ok(pick(one(seen, "stats"), "stats", "timestamp") !== undefined, "a sample without a timestamp");

  const shortExec = one(seen, "exec-task");
  assert.equal(pickBytes(shortExec, "stdout").toString(), "out\n");
  assert.equal(pickBytes(shortExec, "stderr").toString(), "err\n");
  assert.equal(pick(shortExec, "result", "exit_code"), 7);

  const exec = one(seen, "exec");
  assert.equal(pick(exec, "end", "code"), "OK", String(pick(exec, "end", "text")));
  assert.deepEqual(pickBytes(exec, "stdout"), Buffer.concat([Buffer.from("to cat\n"), Buffer.from([0, 255, 10])]));
  assert.equal(pickBytes(exec, "stderr").length, 0);
  assert.deepEqual(exec["result"], {}, "exit code 0 is a result that is there and empty");
  const order = exec["order"];
  assert.ok(Array.isArray(order));
  assert.deepEqual(order.toSorted(), ["exited", "stderr closed", "stdout closed"]);
  assert.equal(order.at(-1), "exited");
}

const expectedStdout = Buffer.concat([Buffer.from("first line\n"), Buffer.from([0xff, 0x00, 0xfe]), Buffer.from(" no newline")]);

function checkEndedTask(seen: readonly Observation[]): void {
  for (const waiter of ["first", "second", "late"]) {
    checkWait(seen, waiter, 3);
  }
  const logs = one(seen, "logs");
  assert.equal(logs["stdoutEnded"], true, "stdout's FIFO was not closed after the exit");
  assert.equal(logs["stderrEnded"], true, "stderr's FIFO was not closed after the exit");
  assert.deepEqual(pickBytes(logs, "stdout"), expectedStdout);
  assert.deepEqual(pickBytes(logs, "stderr"), Buffer.from("a remark\nlast words\n"));
  assert.equal(pick(one(seen, "stats-end"), "end", "code"), "OK");

  const inspected = one(seen, "inspect-after-exit");
  assert.equal(pick(inspected, "task", "state"), 2);
  assert.equal(pick(inspected, "task", "result", "exit_code"), 3);
  assert.equal(one(seen, "destroy")["code"], "OK");
  const late = wait(seen, "after-destroy");
  assert.equal(pick(late, "end", "code"), "Unknown");
  assert.match(String(pick(late, "end", "text")), /task not found for given id/);
}

function checkWait(seen: readonly Observation[], waiter: string, exitCode: number): void {
  const answer = wait(seen, waiter);
  assert.equal(pick(answer, "end", "code"), "OK", `${waiter}: ${String(pick(answer, "end", "text"))}`);
  assert.deepEqual(answer["answer"], { result: { exit_code: exitCode } }, waiter);
}

function wait(seen: readonly Observation[], waiter: string): Observation {
  const found = all(seen, "wait").find((observation) => observation["waiter"] === waiter);
  assert.ok(found, `WaitTask of "${waiter}" was never answered`);
  return found;
}

/** A killed plugin has exit code -1; only one that ended by itself in time has 0. */
function checkKills(seen: readonly Observation[], launches: readonly string[]): void {
  const kills = all(seen, "kill");
  assert.deepEqual(kills.map((kill) => kill["launch"]), launches);
  for (const kill of kills) {
    const { launch, exitCode, socketGone, processesLeft, temporaryFiles } = kill;
    const clean = { launch, exitCode: 0, socketGone: true, processesLeft: [], temporaryFiles: [] };
    assert.deepEqual({ launch, exitCode, socketGone, processesLeft, temporaryFiles }, clean);
  }
}

/** go-plugin itself has nothing to warn of, and understands every line the plugin writes. */
function checkPluginLog(seen: readonly Observation[], may: { readonly errors: boolean }): void {
  const ours = `host.${basename(plugin)}`;
  for (const line of all(seen, "log")) {
    const own = line["logger"] === ours;
    const loud = line["level"] === "error" || (line["level"] === "warn" && !own);
    assert.ok(!loud || (own && may.errors), `logged: ${JSON.stringify(line)}`);
    assert.ok(!own || line["parsed"] === true, `no hclog line: ${JSON.stringify(line)}`);
  }
}

async function observe(t: TestContext, scenario: ScenarioOptions["scenario"]): Promise<readonly Observation[]> {
  assert.ok(prepared.kind === "ready");
  const { program, descriptors } = prepared;
  const run = await runScenario({ scenario, program, descriptors, plugin, podmanSocket, image, scratch, signal: t.signal });
  assert.equal(
    run.exitCode,
    0,
    `${scenario}: ${run.complaint}\n${run.observations
      .slice(-40)
      .map((line) => JSON.stringify(line))
      .join("\n")}`,
  );
  return run.observations;
}

/** Podman knows no container whose name, labels or mounts speak of an allocation of this run. */
async function checkNoContainers(seen: readonly Observation[], signal: AbortSignal): Promise<void> {
  const containers = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath: podmanSocket, path: "/v4.0.0/libpod/containers/json?all=true", signal }, (answer) => {
      assert.equal(answer.statusCode, 200);
      text(answer).then(resolve, reject);
    });
    call.once("error", reject).end();
  });
  const allocations = all(seen, "allocation").map((allocation) => String(allocation["allocId"]));
  assert.notEqual(allocations.length, 0);
  assert.deepEqual(allocations.filter((id) => containers.includes(id)), [], "containers are left");
}

function all(seen: readonly Observation[], name: string): readonly Observation[] {
  return seen.filter((observation) => observation.seen === name);
}

function one(seen: readonly Observation[], name: string): Observation {
  const found = all(seen, name);
  assert.equal(found.length, 1, `observations of "${name}"`);
  return found[0] ?? assert.fail();
}

function number(from: Observation, key: string): number {
  const value = from[key];
  assert.ok(typeof value === "number", `${from.seen}.${key} is no number`);
  return value;
}

/** The test command gives every run its engine, plugin and scratch folder. */
function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`${name} is not set; run the tests with "npm test"`);
  }
  return value;
}
