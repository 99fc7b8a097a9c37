import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, type Fingerprint } from "@driver/nomad-plugin";
import { until, type ScriptedFault } from "@driver/testing";
import { FakeRig, podmanError } from "./fake-rig.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);
/** Enough for `impatient` and for some tries, and less than a single call may take by default and its undoing. */
const bounded = (): AbortSignal => AbortSignal.timeout(60_000);
/** Where Podman does not answer at all. */
const impatient = { client_http_timeout: "4s" };
const forever = "while :; do sleep 1; done";

describe("without a Podman that answers", { concurrency: true }, () => {
  const troubles = [
    { what: "the socket is missing", bring: (rig: FakeRig) => rig.podman.vanish(), text: /the socket does not exist/ },
    { what: "nothing listens on the socket", bring: (rig: FakeRig) => rig.podman.refuse(), text: /nothing listens on the socket/ },
    {
      what: "the service hangs",
      bring: async (rig: FakeRig) => void rig.podman.fault(/./, { kind: "hang" }),
      text: /no answer from podman within 4000 ms/,
    },
    {
      what: "the service cuts connections",
      bring: async (rig: FakeRig) => void rig.podman.fault(/./, { kind: "cut-before" }),
      text: /connection to podman at .* was lost/,
    },
    {
      what: "the service fails",
      bring: async (rig: FakeRig) => void rig.podman.fault(/./, podmanError(500, "database is locked")),
      text: /podman answered 500: database is locked/,
    },
    {
      what: "the service answers nonsense",
      bring: async (rig: FakeRig) => void rig.podman.fault(/info/, { kind: "half-body" }),
      text: /podman's answer makes no sense/,
    },
    {
      what: "the service answers nothing",
      bring: async (rig: FakeRig) => void rig.podman.fault(/info/, { kind: "empty-body" }),
      text: /podman's answer makes no sense: the body is empty/,
    },
  ];

  for (const { what, bring, text } of troubles) {
    test(`says so in the fingerprint and heals: ${what}`, async () => {
      await using rig = await FakeRig.start(impatient);
      await bring(rig);
      const stop = new AbortController();
      const seen: Fingerprint[] = [];
      for await (const fingerprint of rig.driver.fingerprint(stop.signal)) {
        seen.push(fingerprint);
        if (fingerprint.health === "healthy") stop.abort();
        else await heal(rig);
      }
      assert.deepEqual([...new Set(seen.map(({ health }) => health))], ["undetected", "healthy"]);
      assert.match(seen[0]?.healthDescription ?? "", text);
      assert.ok(seen[0]?.healthDescription.includes(rig.podman.socketPath));
    });

    test(`refuses to start a task, names the socket, offers another try and leaves nothing: ${what}`, async () => {
      await using rig = await FakeRig.start(impatient);
      await bring(rig);
      const task = await rig.prepare({ command: "sleep", args: ["60"] });
      await assert.rejects(rig.driver.startTask(task.config, bounded()), (error) => {
        assert.ok(error instanceof DriverError && error.recoverable);
        assert.match(error.message, text);
        return error.message.includes(rig.podman.socketPath);
      });
      await heal(rig);
      assert.deepEqual(rig.podman.containers, []);
      await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
      const { exitCode } = await runToEnd(rig);
      assert.equal(exitCode, 3);
    });
  }

  async function heal(rig: FakeRig): Promise<void> {
    rig.podman.clearFaults();
    await rig.podman.resume();
  }

  async function runToEnd(rig: FakeRig): Promise<{ readonly exitCode: number }> {
    const task = await rig.runScript("exit 3");
    return rig.driver.waitTask(task.config.id, soon());
  }
});

const create = /^POST \/containers\/create/;
const start = /^POST \/containers\/.*\/start/;
const inspect = /^GET \/containers\/[0-9a-f]{64}\/json/;

describe("a start that fails midway", { concurrency: true }, () => {
  const lasting: readonly {
    readonly what: string;
    readonly endpoint: RegExp;
    readonly fault: ScriptedFault;
    readonly text: RegExp;
    readonly recoverable: boolean;
  }[] = [
    {
      what: "create is refused",
      endpoint: create,
      fault: podmanError(500, "no space left on device"),
      text: /^create container .*no space left on device/,
      recoverable: true,
    },
    {
      what: "create is refused for the job's sake",
      endpoint: create,
      fault: podmanError(500, "invalid config provided"),
      text: /^create container .*invalid config provided/,
      recoverable: false,
    },
    {
      what: "create hangs",
      endpoint: create,
      fault: { kind: "hang" },
      text: /^create container .*no answer from podman within 4000 ms/,
      recoverable: true,
    },
    {
      what: "create never arrives",
      endpoint: create,
      fault: { kind: "cut-before" },
      text: /^create container .*was lost/,
      recoverable: true,
    },
    {
      what: "the answer of create is always lost",
      endpoint: create,
      fault: { kind: "cut-after" },
      text: /^create container .*was lost/,
      recoverable: true,
    },
    {
      what: "start is refused",
      endpoint: start,
      fault: podmanError(500, "crun: cannot mount"),
      text: /^start container .*crun: cannot mount/,
      recoverable: true,
    },
    { what: "start never arrives", endpoint: start, fault: { kind: "cut-before" }, text: /^start container .*was lost/, recoverable: true },
    {
      what: "inspect fails",
      endpoint: inspect,
      fault: podmanError(500, "database is locked"),
      text: /^inspect container .*database is locked/,
      recoverable: true,
    },
    {
      what: "inspect answers half",
      endpoint: inspect,
      fault: { kind: "half-body" },
      text: /^inspect container .*makes no sense/,
      recoverable: true,
    },
    {
      what: "inspect hangs",
      endpoint: inspect,
      fault: { kind: "hang" },
      text: /^inspect container .*no answer from podman/,
      recoverable: true,
    },
    {
      what: "the container vanishes",
      endpoint: inspect,
      fault: podmanError(404, "no such container"),
      text: /vanished as soon as it was started/,
      recoverable: true,
    },
  ];

  for (const { what, endpoint, fault, text, recoverable } of lasting) {
    test(`is undone: ${what}`, async () => {
      await using rig = await FakeRig.start(fault.kind === "hang" ? impatient : {});
      const rule = rig.podman.fault(endpoint, fault);
      const task = await rig.prepare({ command: "sleep", args: ["60"] });
      await assert.rejects(rig.driver.startTask(task.config, bounded()), { message: text, recoverable });
      assert.deepEqual(rig.podman.containers, []);
      await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
      rule.clear();
      await rig.driver.startTask(task.config, soon());
      assert.equal(rig.podman.containers.length, 1);
    });
  }

  const passing: readonly { readonly what: string; readonly endpoint: RegExp; readonly fault: ScriptedFault }[] = [
    { what: "create does not arrive", endpoint: create, fault: { kind: "cut-before" } },
    { what: "the answer of create is lost", endpoint: create, fault: { kind: "cut-after" } },
    { what: "create answers nothing", endpoint: create, fault: { kind: "empty-body" } },
    { what: "create answers half", endpoint: create, fault: { kind: "half-body" } },
    { what: "start does not arrive", endpoint: start, fault: { kind: "cut-before" } },
    { what: "the answer of start is lost", endpoint: start, fault: { kind: "cut-after" } },
    { what: "start fails", endpoint: start, fault: podmanError(500, "database is locked") },
    { what: "inspect fails", endpoint: inspect, fault: podmanError(500, "database is locked") },
    { what: "inspect answers half", endpoint: inspect, fault: { kind: "half-body" } },
  ];

  for (const { what, endpoint, fault } of passing) {
    test(`goes on, and runs the task once, when for a moment ${what}`, async () => {
      await using rig = await FakeRig.start();
      rig.podman.fault(endpoint, fault, 1);
      const task = await rig.prepare({ command: "sh", args: ["-c", "echo once; while :; do sleep 1; done"] });
      await rig.driver.startTask(task.config, bounded());
      assert.equal(rig.podman.containers.length, 1);
      rig.podman.containers[0]?.end(3);
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 3);
      assert.equal((await task.stdout.whole()).toString(), "once\n");
    });
  }
});

describe("a start that is undone", { concurrency: true }, () => {
  test("is undone when the caller hangs up", async () => {
    await using rig = await FakeRig.start();
    rig.podman.fault(start, { kind: "hang" });
    const task = await rig.prepare({ command: "sleep", args: ["60"] });
    const caller = new AbortController();
    const started = rig.driver.startTask(task.config, caller.signal);
    await until(() => rig.podman.seen.some((endpoint) => start.test(endpoint)));
    caller.abort(new Error("hung up"));
    await assert.rejects(started, /hung up/);
    assert.deepEqual(rig.podman.containers, []);
  });

  test("tells the error that led there when the undoing fails as well", async () => {
    await using rig = await FakeRig.start();
    rig.podman.fault(start, podmanError(500, "the first trouble"));
    rig.podman.fault(/^DELETE/, podmanError(500, "the second trouble"));
    const task = await rig.prepare({ command: "sleep", args: ["60"] });
    await assert.rejects(rig.driver.startTask(task.config, bounded()), /the first trouble/);
    assert.match(rig.logLines.join("\n"), /warn roll-back failed: remove container task-.*the second trouble/);
  });
});

describe("a running task", { concurrency: true }, () => {
  test("does not end because a wait answers 0 while it runs", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    rig.podman.fault(/wait$/, { kind: "answer", status: 200, body: "0" });
    rig.podman.cutConnections();
    const asked = rig.podman.seen.length;
    await until(() => rig.podman.seen.slice(asked).filter((endpoint) => endpoint.endsWith("/wait")).length >= 2);
    assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
    rig.podman.containers[0]?.end(21);
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 21);
  });

  for (const fault of [
    podmanError(500, "database is locked"),
    { kind: "cut-before" },
    { kind: "half-body" },
    { kind: "empty-body" },
  ] as const) {
    test(`keeps its true exit code when inspect fails for a while: ${fault.kind}`, async () => {
      await using rig = await FakeRig.start();
      const task = await rig.runScript(forever);
      const rule = rig.podman.fault(/^GET .*json$/, fault);
      rig.podman.containers[0]?.end(22);
      const asked = rig.podman.seen.length;
      await until(() => rig.podman.seen.slice(asked).filter((endpoint) => endpoint.endsWith("/json")).length >= 3);
      assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
      rule.clear();
      assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 22);
    });
  }

  test("survives a service that is gone and comes back, and one that ended meanwhile keeps its code", async () => {
    await using rig = await FakeRig.start();
    const [ended, running] = [await rig.runScript(forever), await rig.runScript(forever)];
    await rig.podman.vanish();
    rig.podman.containers[0]?.end(23);
    await until(() => rig.logLines.filter((line) => line.includes("cannot be looked at; trying again")).length >= 4);
    assert.equal((await rig.driver.inspectTask(running.config.id)).state, "running");
    await rig.podman.resume();
    assert.equal((await rig.driver.waitTask(ended.config.id, soon())).exitCode, 23);
    assert.equal((await rig.driver.inspectTask(running.config.id)).state, "running");
    rig.podman.containers[1]?.end(24);
    assert.equal((await rig.driver.waitTask(running.config.id, soon())).exitCode, 24);
  });

  test("survives its service's upgrade, and the next task is judged by what the new version can do", async () => {
    await using rig = await FakeRig.start();
    let last: Fingerprint | undefined;
    const stop = new AbortController();
    const following = (async () => {
      for await (const fingerprint of rig.driver.fingerprint(stop.signal)) last = fingerprint;
    })().catch(() => undefined);
    const isVersion = (version: string): boolean =>
      last?.attributes["driver.podman.version"] === version && last.attributes["driver.podman.health"] === "healthy";
    await until(() => isVersion("4.3.1"));
    const running = await rig.runScript(forever);
    const newer = await rig.prepare({ extra_hosts: ["registry:host-gateway"], network_mode: "bridge" });
    await assert.rejects(rig.driver.startTask(newer.config, soon()), /extra_hosts.*needs Podman 4\.7/);
    await rig.podman.vanish();
    rig.podman.version = "5.4.2";
    await rig.podman.resume();
    await until(() => isVersion("5.4.2"));
    await rig.driver.startTask(newer.config, soon());
    assert.equal((await rig.driver.inspectTask(running.config.id)).state, "running");
    rig.podman.containers[0]?.end(25);
    assert.equal((await rig.driver.waitTask(running.config.id, soon())).exitCode, 25);
    stop.abort();
    await following;
  });

  test("has failed, and not ended well, when its container is removed behind the driver's back", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    rig.podman.fault(/^GET .*json$/, podmanError(404, "no such container"));
    rig.podman.fault(/wait$/, { kind: "answer", status: 200, body: "0" });
    rig.podman.cutConnections();
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.deepEqual([result.exitCode, result.error], [-1, "exit code unknown: the container was removed by someone else"]);
  });

  test("has failed after a reboot that has reset its container", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    await rig.driver.close();
    rig.podman.containers[0]?.forgetByReboot();
    rig.host.write("proc/sys/kernel/random/boot_id", "another-boot\n");
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, soon());
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.deepEqual([result.exitCode, result.error], [-1, "exit code unknown: the host was rebooted"]);
  });
});

describe("a task that is recovered while Podman does not answer", () => {
  test("is told of once for all of a service, until that has answered again", async () => {
    await using rig = await FakeRig.start();
    const tasks: Awaited<ReturnType<typeof rig.runScript>>[] = [];
    for (let count = 0; count < 5; count++) tasks.push(await rig.runScript(forever));
    const recoverNext = async (count: number): Promise<readonly string[]> => {
      const from = rig.logLines.length;
      for (const { handle } of tasks.splice(0, count)) await rig.driver.recoverTask(handle, bounded());
      return rig.logLines.slice(from).flatMap((line) => /^(\w+) Podman does not answer;/.exec(line)?.[1] ?? []);
    };
    await rig.podman.refuse();
    await rig.replaceDriver();
    assert.deepEqual(await recoverNext(3), ["warn", "debug", "debug"]);
    await rig.podman.resume();
    assert.deepEqual(await recoverNext(1), ["info"]);
    await rig.podman.refuse();
    assert.deepEqual(await recoverNext(1), ["warn"]);
    await rig.podman.resume();
  });

  test("counts as running, and its exit code arrives when Podman answers", async () => {
    await using rig = await FakeRig.start(impatient);
    const task = await rig.runScript(forever);
    const hang = rig.podman.fault(/./, { kind: "hang" });
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, bounded());
    assert.equal((await rig.driver.inspectTask(task.config.id)).state, "running");
    rig.podman.containers[0]?.end(25);
    hang.clear();
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 25);
  });

  test("goes on as any other once Podman answers", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(`trap 'exit 26' TERM; ${forever}`);
    await rig.podman.refuse();
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, bounded());
    await rig.podman.resume();
    await rig.driver.stopTask(task.config.id, { timeoutMs: 20_000, killSignal: "" }, soon());
    assert.equal((await rig.driver.waitTask(task.config.id, soon())).exitCode, 26);
  });

  test("has failed when its container turns out to be gone", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    const outage = rig.podman.fault(/^GET .*json$/, podmanError(500, "database is locked"));
    await rig.replaceDriver();
    await rig.driver.recoverTask(task.handle, bounded());
    rig.podman.fault(/containers/, podmanError(404, "no such container"));
    outage.clear();
    const result = await rig.driver.waitTask(task.config.id, soon());
    assert.notEqual(result.exitCode, 0);
    assert.match(result.error ?? "", /exit code unknown/);
  });

  test("is refused at once when Podman answers that it is gone", async () => {
    await using rig = await FakeRig.start();
    const task = await rig.runScript(forever);
    rig.podman.fault(/^GET .*json$/, podmanError(404, "no such container"));
    await rig.replaceDriver();
    await assert.rejects(rig.driver.recoverTask(task.handle, bounded()), /container [0-9a-f]{64} of task .* is gone/);
    await assert.rejects(rig.driver.waitTask(task.config.id, soon()), /task not found/);
  });
});
