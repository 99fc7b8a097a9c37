import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy, startEngine, until } from "@driver/testing";
import { ImageRig } from "./image-rig.ts";

const megabyte = 1_000_000;
const blobs = /GET .*\/blobs\//;
const manifest = /GET .*\/manifests\/1$/;

describe("one pull", () => {
  test("serves 20 tasks that want one image", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("many:1", { mark: "many ", layerBytes: [megabyte, megabyte] });
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, index) => images.prepare(images.at("many:1"), { args: ["-c", "sleep 60"] }, { name: `t${index}` })),
    );
    // It lasts until all of them wait for it.
    const held = images.proxy.fault(manifest, { kind: "silence" });
    const starts = Promise.all(tasks.map((task) => images.rig.startTask(task)));
    await until(() => tasks.every((task) => images.messages(task).length === 1));
    held.clear();
    await starts;
    assert.equal(images.proxy.count(manifest), 1);
    // Two layers, the base and the config.
    assert.equal(images.proxy.count(blobs), 4);
    await until(() => tasks.every((task) => images.messages(task).length === 2));
  });

  test("goes on for those who stay, and is broken off at the registry when the last is destroyed", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("slow:1", { layerBytes: [3 * megabyte] });
    // It would take minutes.
    images.proxy.fault(blobs, { kind: "slow", bytesPerSecond: 20_000 });
    const [one, other] = [
      await images.prepare(images.at("slow:1"), {}, { name: "one" }),
      await images.prepare(images.at("slow:1"), {}, { name: "other" }),
    ];
    const starts = [images.rig.startTask(one), images.rig.startTask(other)];
    const outcomes = Promise.allSettled(starts);
    await until(() => images.proxy.count(blobs) >= 2 && images.messages(other).length > 0);
    await images.rig.driver.destroyTask(one.config.id, { force: true }, AbortSignal.timeout(60_000));
    await sleep(700);
    assert.deepEqual(images.proxy.abandoned, []);
    await images.rig.driver.destroyTask(other.config.id, { force: true }, AbortSignal.timeout(60_000));
    await until(() => images.proxy.abandoned.length > 0);
    assert.deepEqual((await outcomes).map(({ status }) => status), ["rejected", "rejected"]);
    assert.equal(images.proxy.count(manifest), 1);
  });

  test("is one for each engine, as each keeps its own images", async () => {
    await using engine = await startEngine({ folder: "/run/other-engine" }, AbortSignal.timeout(60_000));
    await using images = await ImageRig.start();
    await images.registry.publish("two:1", { mark: "two ", layerBytes: [megabyte] });
    const socket = [
      { name: "default", socket_path: `unix://${images.socketPath}` },
      { name: "other", socket_path: `unix://${engine.socketPath}` },
    ];
    await images.setConfig({ socket_path: null, socket });
    const outputs = await Promise.all([images.run(images.at("two:1")), images.run(images.at("two:1"), { socket: "other" })]);
    assert.deepEqual(outputs.map((output) => output.slice(0, 4)), ["two ", "two "]);
    assert.equal(images.proxy.count(manifest), 2);
  });
});

describe("the policy", () => {
  test("decides whether the registry is asked", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("moves:1", { mark: "old " });
    const image = images.at("moves:1");
    assert.match((await images.failure(image, { image_pull_policy: "never" })).message, /image_pull_policy = "never" lets nobody pull it/);
    assert.equal(images.proxy.seen.length, 0);
    assert.match(await images.run(image), /^old /);
    await images.registry.publish("moves:1", { mark: "new " });
    const asked = images.proxy.seen.length;
    for (const policy of ["missing", "never"]) assert.match(await images.run(image, { image_pull_policy: policy }), /^old /);
    assert.equal(images.proxy.seen.length, asked);
    assert.match(await images.run(image, { image_pull_policy: "newer" }), /^new /);
    await images.registry.publish("moves:1", { mark: "last " });
    assert.match(await images.run(image, { force_pull: true }), /^last /);
  });

  test("newer runs what is there when the registry is away, and says so", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("kept:1", { mark: "kept " });
    const image = images.at("kept:1");
    assert.match(await images.run(image), /^kept /);
    images.proxy.fault(manifest, {
      kind: "answer",
      status: 404,
      body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
    });
    assert.match(await images.run(image, { image_pull_policy: "newer" }), /^kept /);
    assert.match(
      images.messages().join("\n"),
      /Running the image \S+ that is present, since nobody could tell whether there is a newer one: .*manifest unknown/,
    );
    assert.match((await images.failure(image, { image_pull_policy: "always" })).message, /manifest unknown/);
  });

  test("of an image that is there makes no call to Podman but create, start and inspect", async () => {
    await using engine = await startEngine({ folder: "/run/counted-engine" }, AbortSignal.timeout(60_000));
    await using podman = await FaultProxy.start({ socketPath: `${engine.socketPath}.seen`, upstreamPath: engine.socketPath });
    await using images = await ImageRig.start({ socketPath: podman.socketPath });
    await images.registry.publish("there:1", { mark: "there " });
    await images.run(images.at("there:1"));
    const task = await images.prepare(images.at("there:1"));
    const messages = images.messages().length;
    const asked = images.proxy.seen.length;
    // Rules that harm nothing, to count by: the last has what the others leave.
    const counted = [
      { method: "POST", path: /^\/containers\/create$/ },
      { method: "POST", path: /^\/containers\/[^/]+\/start$/ },
      { method: "GET", path: /^\/containers\/[^/]+\/json$/ },
      {},
    ] as const;
    const calls = counted.map((rule) => podman.inject({ ...rule, fault: { kind: "delay", delayMs: 0 } }));
    await images.rig.startTask(task);
    assert.deepEqual(calls.map(({ hits }) => hits), [1, 1, 1, 0]);
    assert.deepEqual([images.messages().length, images.proxy.seen.length], [messages, asked]);
    await images.rig.driver.destroyTask(task.config.id, { force: true }, AbortSignal.timeout(60_000));
  });

  test("a digest names one image for good, with a tag beside it or not", async () => {
    await using images = await ImageRig.start();
    const { digest } = await images.registry.publish("fixed:1", { mark: "fixed " });
    await images.registry.publish("fixed:1", { mark: "other " });
    for (const name of [`fixed@${digest}`, `fixed:1@${digest}`, `fixed:gone@${digest}`]) {
      assert.match(await images.run(images.at(name)), /^fixed /);
    }
  });
});

describe("a registry that fails", () => {
  test("with a 5xx or a blob cut at half is tried again, and the image comes whole", async () => {
    await using images = await ImageRig.start();
    const { blobs: parts } = await images.registry.publish("again:1", { mark: "again ", layerBytes: [megabyte] });
    // Podman itself asks on for a while in a try: from 5.4 on for the rest of a blob, from 5.8 on after a 503.
    const busy = images.proxy.fault(manifest, { kind: "answer", status: 503, body: "busy" });
    const cut = images.proxy.fault(new RegExp(`GET .*/blobs/${parts.at(-1)?.digest ?? ""}`), { kind: "cut" });
    const output = images.run(images.at("again:1"));
    const has = (pattern: RegExp): boolean => images.messages().some((message) => pattern.test(message));
    await until(() => has(/: try 1 failed, the next comes in 1\.0 s: podman answered( 500)?: .*503/));
    busy.clear();
    await until(() => has(/: try 2 failed, the next comes in 4\.0 s: podman answered( 500)?: .*unexpected EOF/));
    cut.clear();
    assert.match(await output, /^again /);
  });

  const failures = [
    {
      what: "without the image",
      fault: { kind: "answer", status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}' },
      message: /manifest unknown.*; the registry has no such image; check name and tag$/,
      recoverable: false,
    },
    {
      what: "that denies",
      fault: { kind: "answer", status: 403, body: '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}' },
      message: /denied; no credentials for 127\.0\.0\.1:\d+ were found/,
      recoverable: false,
    },
    {
      what: "that forbids in HTML",
      fault: { kind: "answer", status: 403, headers: { "Content-Type": "text/html" }, body: `<html>${"no ".repeat(50_000)}</html>` },
      message: /^.{0,300}StatusCode: 403, "?<html>.*; no credentials for 127\.0\.0\.1:\d+ were found; set auth .{0,100}$/,
      recoverable: false,
    },
    {
      what: "in whose place a web page answers",
      fault: { kind: "answer", status: 200, headers: { "Content-Type": "text/html" }, body: "<html>please log in</html>" },
      message: /invalid character '<'.*; what answers there is no registry: a proxy or a web page stands in its place$/,
      recoverable: true,
    },
    {
      what: "that is down for long",
      fault: { kind: "answer", status: 502, body: "bad gateway" },
      message: /502.*\(3 tries\); the registry itself fails$/,
      recoverable: true,
    },
  ] as const;
  for (const { what, fault, message, recoverable } of failures) {
    test(`${what} has its own words and ${recoverable ? "another" : "no other"} try`, async () => {
      await using images = await ImageRig.start();
      await images.registry.publish("x:1");
      images.proxy.fault(manifest, fault);
      const failure = await images.failure(images.at("x:1"));
      assert.ok(failure.message.includes(images.at("x:1")), failure.message);
      assert.match(failure.message, message);
      assert.equal(failure.recoverable, recoverable);
    });
  }

  test("that asks for a pause gets it, and the image is pulled", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("busy:1", { mark: "busy " });
    images.proxy.fault(
      manifest,
      {
        kind: "answer",
        status: 429,
        headers: { "Retry-After": "2" },
        body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}',
      },
      1,
    );
    const startMs = performance.now();
    assert.match(await images.run(images.at("busy:1")), /^busy /);
    assert.ok(performance.now() - startMs >= 2000);
    assert.equal(images.proxy.count(manifest), 2);
  });

  test("that is asked too often and names no pause is asked again after one", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("limit:1", { mark: "limit " });
    images.proxy.fault(manifest, { kind: "answer", status: 429, body: "slow down" }, 1);
    assert.match(await images.run(images.at("limit:1")), /^limit /);
    assert.equal(images.proxy.count(manifest), 2);
  });

  test("that sends another content than it says is final", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("wrong:1", { layerBytes: [1000] });
    images.proxy.fault(blobs, { kind: "answer", status: 200, body: "something else" });
    const failure = await images.failure(images.at("wrong:1"));
    assert.equal(failure.recoverable, false, failure.message);
    assert.match(failure.message, /what the registry sends is not what it says it is/);
  });

  test("that sends the image from another address is followed", async () => {
    await using images = await ImageRig.start();
    const { blobs: parts } = await images.registry.publish("moved:1", { mark: "moved ", layerBytes: [1000] });
    const last = parts.at(-1)?.digest ?? assert.fail();
    images.proxy.fault(new RegExp(`GET .*/blobs/${last}`), {
      kind: "answer",
      status: 307,
      headers: { Location: `http://${images.registry.host}/v2/moved/blobs/${last}` },
    });
    assert.match(await images.run(images.at("moved:1")), /^moved /);
  });

  test("that sends on to where nobody answers is not the one that is named, and the signature of the address is not told", async () => {
    await using images = await ImageRig.start();
    const { blobs: parts } = await images.registry.publish("signed:1", { layerBytes: [1000] });
    const Location = "http://127.0.0.1:9/blob?X-Amz-Signature=s3cret";
    images.proxy.fault(new RegExp(`GET .*/blobs/${parts.at(-1)?.digest ?? ""}`), { kind: "answer", status: 307, headers: { Location } });
    const failure = await images.failure(images.at("signed:1"));
    assert.match(failure.message, /Get "http:\/\/127\.0\.0\.1:9\/blob": .*connection refused; nothing listens at 127\.0\.0\.1:9$/);
    assert.doesNotMatch(`${failure.stack ?? ""}${images.messages().join("\n")}${images.rig.log}`, /s3cret/);
  });
});

describe("a pull that does not go on", () => {
  test("is ended by pull_activity_timeout when a blob stalls, and can be tried again", async () => {
    await using images = await ImageRig.start({ pluginConfig: { pull_activity_timeout: "5s" } });
    const { blobs: parts } = await images.registry.publish("stall:1", { mark: "stall ", layerBytes: [4 * megabyte] });
    const stalled = images.proxy.fault(new RegExp(`GET .*/blobs/${parts.at(-1)?.digest ?? ""}`), { kind: "stall" });
    // The blob stalls until that is cleared: whoever waited for it would wait for ever.
    const failure = await images.failure(images.at("stall:1"));
    assert.match(
      failure.message,
      /^pull image \S+stall:1: nothing has come for 5 s \(pull_activity_timeout\); \d layers? begun, [\d.]+ [kM]B (so far|of [\d.]+ MB)$/,
    );
    assert.equal(failure.recoverable, true);
    await until(() => images.proxy.abandoned.length > 0);
    stalled.clear();
    assert.match(await images.run(images.at("stall:1")), /^stall /);
  });

  test("is left alone by it while bytes come, however slowly", async () => {
    await using images = await ImageRig.start({ pluginConfig: { pull_activity_timeout: "5s" } });
    await images.registry.publish("slow:1", { mark: "slow ", layerBytes: [3 * megabyte] });
    images.proxy.fault(blobs, { kind: "slow", bytesPerSecond: 350_000 });
    const startMs = performance.now();
    assert.match(await images.run(images.at("slow:1")), /^slow /);
    assert.ok(performance.now() - startMs > 7000, "it was not slow at all");
  });

  test("is ended by image_pull_timeout, the task's or the plugin's", async () => {
    await using images = await ImageRig.start({ pluginConfig: { image_pull_timeout: "3s" } });
    await images.registry.publish("silent:1");
    images.proxy.fault(manifest, { kind: "silence" });
    for (const [config, seconds] of [[{ image_pull_timeout: "1s" }, 1], [{}, 3]] as const) {
      const failure = await images.failure(images.at("silent:1"), config);
      assert.match(failure.message, new RegExp(`not pulled within image_pull_timeout \\(${seconds} s\\)$`));
      assert.equal(failure.recoverable, true);
    }
  });

  test("tells how far it is after 10 s, in bytes that are there", async () => {
    await using images = await ImageRig.start();
    await images.registry.publish("far:1", { mark: "far ", layerBytes: [5 * megabyte] });
    images.proxy.fault(blobs, { kind: "slow", bytesPerSecond: 450_000 });
    assert.match(await images.run(images.at("far:1")), /^far /);
    const [first, report, last, ...more] = images.messages();
    assert.equal(first, `Pulling image ${images.at("far:1")}`);
    // Podman 6 tells how many there will be.
    const bytes = Number(/: 2 layers begun, ([\d.]+) MB (?:so far|of [\d.]+ MB), \d\d s$/.exec(report ?? "")?.[1] ?? NaN);
    // How many have come in 10 s is up to the machine.
    assert.ok(bytes > 0 && bytes < 6.5, report ?? "no report");
    assert.match(last ?? "", /^Pulled image \S+far:1: [\d.]+ MB on disk, \d\d s$/);
    assert.deepEqual(more, []);
    // For those who look at the plugin's log, each second; an agent shows it at the level trace alone.
    const lines = images.rig.log.split("\n").filter((line) => line.startsWith("trace image pull goes on "));
    assert.ok(lines.filter((line) => /begun, [\d.]+ [kM]?B (so far|of)/.test(line)).length >= 5, lines.join("\n"));
    assert.match(lines.at(-1) ?? "", /"ended":"true"/);
  });

  test("is begun anew by the next plugin after this one was killed", async () => {
    await using images = await ImageRig.start();
    const { blobs: parts } = await images.registry.publish("crash:1", { mark: "crash ", layerBytes: [2 * megabyte] });
    // It would take minutes.
    const slow = images.proxy.fault(blobs, { kind: "slow", bytesPerSecond: 20_000 });
    const task = await images.prepare(images.at("crash:1"));
    const start = images.rig.startTask(task).catch((error: unknown) => error);
    // Between the image's config and its layers there would be nothing to abandon.
    const layer = new RegExp(`GET .*/blobs/${parts.at(-1)?.digest ?? ""}`);
    await until(() => images.proxy.count(layer) > 0);
    await images.rig.crash();
    await start;
    await until(() => images.proxy.abandoned.length > 0);
    slow.clear();
    assert.match(await images.run(images.at("crash:1")), /^crash /);
  });
});
