import assert from "node:assert/strict";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FakePodman, type ScriptedFault } from "@driver/testing";
import { resolveImage, type ImageRequest } from "./image-resolver.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** A fake with `localhost/busybox:1`, and what was told of pulls. */
class Bench implements AsyncDisposable {
  readonly fake: FakePodman;
  readonly client: PodmanClient;
  readonly pulls: string[] = [];

  private constructor(fake: FakePodman) {
    this.fake = fake;
    this.client = new PodmanClient({ socketPath: fake.socketPath });
  }

  static async start(): Promise<Bench> {
    return new Bench(await FakePodman.start());
  }

  resolve(reference: string, more: Partial<ImageRequest> = {}, signal = soon()): ReturnType<typeof resolveImage> {
    return resolveImage(this.client, { reference, forcePull: false, pullTimeoutMs: 10_000, onPull: (pulled) => this.pulls.push(pulled), ...more }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.fake[Symbol.asyncDispose]();
  }
}

const lines = (...all: readonly object[]): ScriptedFault => ({ kind: "answer", status: 200, body: all.map((line) => `${JSON.stringify(line)}\n`).join("") });

test("takes an image that is there, and pulls nothing", async () => {
  await using bench = await Bench.start();
  assert.match((await bench.resolve("localhost/busybox:1")).id, /^[0-9a-f]{64}$/);
  assert.deepEqual(bench.pulls, []);
});

test("looks for no registry behind localhost/", async () => {
  await using bench = await Bench.start();
  await assert.rejects(bench.resolve("localhost/missing:1"), { recoverable: false, message: /is not present in this Podman service, and images under localhost\/ come from no registry/ });
  assert.deepEqual(bench.pulls, []);
});

test("pulls an image that is not there, and one that is there if told to", async () => {
  await using bench = await Bench.start();
  const { id } = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/pull/, lines({ stream: "Copying blob" }, { id }));
  assert.equal((await bench.resolve("docker.io/library/busybox:latest")).id, id);
  assert.equal((await bench.resolve("ghcr.io/a/b:1", { forcePull: true })).id, id);
  assert.deepEqual(bench.pulls, ["docker.io/library/busybox:latest", "ghcr.io/a/b:1"]);
});

const failures: readonly { readonly text: string; readonly recoverable: boolean }[] = [
  { text: "initializing source docker://x: reading manifest 1 in docker.io/x: manifest unknown", recoverable: false },
  { text: "initializing source docker://x: reading manifest 1 in docker.io/x: unauthorized: authentication required", recoverable: false },
  { text: "reading manifest: requested access to the resource is denied", recoverable: false },
  { text: 'short-name "x" did not resolve to an alias', recoverable: false },
  { text: "pinging container registry 127.0.0.1:9: dial tcp 127.0.0.1:9: connect: connection refused", recoverable: true },
  { text: "copying blob: received unexpected HTTP status: 503 Service Unavailable", recoverable: true },
  { text: "copying blob: unexpected EOF", recoverable: true },
];
for (const { text, recoverable } of failures) {
  test(`offers ${recoverable ? "another" : "no other"} try after: ${text}`, async () => {
    await using bench = await Bench.start();
    bench.fake.fault(/images\/pull/, lines({ stream: "Trying to pull" }, { error: text }));
    await assert.rejects(bench.resolve("x:1"), (error: Error & { readonly recoverable?: boolean }) => error.message.startsWith("pull image x:1: ") && error.message.includes(text) && error.recoverable === recoverable);
  });
}

test("says how a name without a registry is to be written, and each thing once", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, lines({ error: 'short-name "x:1" did not resolve to an alias' }));
  await assert.rejects(bench.resolve("x:1"), { message: 'pull image x:1: podman answered: short-name "x:1" did not resolve to an alias; write the image with its registry, such as docker.io/library/x:1' });
  await assert.rejects(bench.resolve("me/x:1"), { message: /such as docker\.io\/me\/x:1$/ });
});

test("offers another try after a pull that broke off or took too long", async () => {
  await using bench = await Bench.start();
  const rule = bench.fake.fault(/images\/pull/, { kind: "cut-before" });
  await assert.rejects(bench.resolve("x:1"), { recoverable: true, message: /pull image x:1: .*was lost/ });
  rule.clear();
  bench.fake.fault(/images\/pull/, { kind: "hang" });
  await assert.rejects(bench.resolve("x:1", { pullTimeoutMs: 50 }), { recoverable: true, message: "pull image x:1: not pulled within image_pull_timeout (0.05 s)" });
});

test("ends a pull with the caller's reason", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, { kind: "hang" });
  const reason = new Error("enough");
  const caller = new AbortController();
  const resolved = bench.resolve("x:1", {}, caller.signal);
  while (bench.pulls.length === 0) await new Promise(setImmediate);
  caller.abort(reason);
  await assert.rejects(resolved, (error) => error === reason);
});

test("says when an image has vanished again", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, lines({ id: "f".repeat(64) }));
  await assert.rejects(bench.resolve("x:1"), { recoverable: true, message: "image x:1: it was pulled and has vanished again" });
});
