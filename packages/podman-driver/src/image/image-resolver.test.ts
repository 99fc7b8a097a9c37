import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PodmanClient } from "@driver/libpod";
import { FakePodman, until, type ScriptedFault } from "@driver/testing";
import { defaultImageSettings, type ImageSettings } from "../config/image-settings.ts";
import type { ImageContext } from "./image-context.ts";
import type { ImageNeed } from "./image-need.ts";
import { parseImage } from "../config/image-reference.ts";
import { resolveImage } from "./image-resolver.ts";
import type { Platform } from "./platform.ts";
import { LoadedArchives } from "../engine/loaded-archives.ts";
import type { PullStatus } from "./pull-status.ts";
import { SharedPulls } from "../engine/shared-pulls.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** A fake with `localhost/busybox:1`, and what was told of pulls. */
class Bench implements AsyncDisposable {
  readonly fake: FakePodman;
  readonly told: string[] = [];
  readonly followed: PullStatus[] = [];
  readonly #client: PodmanClient;
  readonly #context: ImageContext;

  private constructor(fake: FakePodman, settings: Partial<ImageSettings>) {
    this.fake = fake;
    this.#client = new PodmanClient({ socketPath: fake.socketPath });
    this.#context = {
      podman: this.#client,
      downloadFolder: "",
      hostArchitecture: "amd64",
      settings: { ...defaultImageSettings, ...settings },
      pulls: new SharedPulls(),
      archives: new LoadedArchives(),
      reportTimes: { firstMs: 10_000, eachMs: 30_000 },
      mayFetch: () => true,
      emit: (message) => void this.told.push(message),
      follow: (status) => void this.followed.push(status),
      authTools: { noteFile: () => undefined, askHelper: () => Promise.resolve(undefined) },
    };
  }

  static async start(settings: Partial<ImageSettings> = {}): Promise<Bench> {
    return new Bench(await FakePodman.start(), settings);
  }

  get pulls(): readonly string[] {
    return this.told.flatMap((message) => /^Pulling image (\S+)$/.exec(message)?.[1] ?? []);
  }

  resolve(image: string, more: Partial<ImageNeed> = {}, signal = soon()): Promise<string> {
    const source = parseImage(image, { allocDir: "/a", taskName: "t" });
    assert.ok(source.kind !== "rootfs");
    const need: ImageNeed = {
      kind: "image",
      source,
      checksum: undefined,
      policy: "missing",
      platform: undefined,
      login: undefined,
      tlsVerify: undefined,
      skipsFailingAuth: false,
      pullTimeoutMs: 10_000,
      ...more,
    };
    return resolveImage(this.#context, need, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.fake[Symbol.asyncDispose]();
  }
}

const lines = (...all: readonly object[]): ScriptedFault => ({
  kind: "answer",
  status: 200,
  body: all.map((line) => `${JSON.stringify(line)}\n`).join(""),
});

test("takes an image that is there, and pulls nothing", async () => {
  await using bench = await Bench.start();
  for (const policy of ["missing", "never"] as const) {
    assert.match(await bench.resolve("localhost/busybox:1", { policy }), /^[0-9a-f]{64}$/);
  }
  assert.deepEqual(bench.told, []);
});

test("looks for no registry behind localhost/ or an ID, whatever the policy", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  for (const policy of ["always", "missing", "newer", "never"] as const) {
    assert.equal(await bench.resolve("localhost/busybox:1", { policy }), id);
    assert.equal(await bench.resolve(id, { policy }), id);
    await assert.rejects(bench.resolve("localhost/missing:1", { policy }), {
      recoverable: false,
      message: /is not present in this Podman service, and images under localhost\/ come from no registry/,
    });
    await assert.rejects(bench.resolve("f".repeat(64), { policy }), {
      recoverable: false,
      message: /an ID comes from no registry: pull it by its name/,
    });
  }
  assert.deepEqual(bench.told, []);
});

test("takes an image under localhost/ for the platform that it is made for, as far as Podman tells", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  const resolveFor = (platform: Partial<Platform>): Promise<string> =>
    bench.resolve("localhost/busybox:1", { platform: { architecture: "", os: "", variant: "", ...platform } });
  assert.equal(await resolveFor({ architecture: "amd64", os: "linux" }), id);
  assert.deepEqual(bench.told, []);
  const found = /^image localhost\/busybox:1 that is present is for linux\/amd64, and the task asks for \S+/;
  const words = new RegExp(`${found.source}, and images under localhost/ come from no registry`);
  for (const platform of [{ architecture: "arm64" }, { os: "windows" }, { architecture: "arm64", variant: "v8" }]) {
    await assert.rejects(resolveFor(platform), { recoverable: false, message: words });
  }
  assert.equal(await resolveFor({ variant: "v2" }), id);
  assert.deepEqual(bench.told, [
    "Running the image localhost/busybox:1 that is present, though Podman does not tell whether its variant is v2",
  ]);
});

test("takes an archive's image for the platform that it is made for", async (t) => {
  await using bench = await Bench.start();
  const folder = await mkdtemp(join(tmpdir(), "image-resolver-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "a.tar"), "content");
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/load/, lines({ Names: ["localhost/busybox:1"] }));
  const image = `docker-archive:${folder}/a.tar`;
  const platform = { architecture: "amd64", os: "linux", variant: "" };
  assert.equal(await bench.resolve(image, { platform }), id);
  await assert.rejects(bench.resolve(image, { platform: { ...platform, architecture: "arm64" } }), {
    recoverable: false,
    message: `image archive ${folder}/a.tar: it holds the image for linux/amd64, and the task asks for linux/arm64`,
  });
});

test("pulls an image that is not there, and one that is there if told to", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/pull/, lines({ stream: "Copying blob" }, { id }));
  assert.equal(await bench.resolve("docker.io/library/busybox:latest"), id);
  assert.equal(await bench.resolve("ghcr.io/a/b:1", { policy: "always" }), id);
  assert.deepEqual(bench.pulls, ["docker.io/library/busybox:latest", "ghcr.io/a/b:1"]);
  assert.match(bench.told.at(-1) ?? "", /^Pulled image ghcr\.io\/a\/b:1: 1 B on disk, \d+\.\d s$/);
});

test("never pulls with the policy never, and says why there is no image", async () => {
  await using bench = await Bench.start();
  await assert.rejects(bench.resolve("x:1", { policy: "never" }), {
    recoverable: false,
    message: 'image x:1 is not present in this Podman service, and image_pull_policy = "never" lets nobody pull it',
  });
  assert.deepEqual(bench.told, []);
});

const failures: readonly { readonly text: string; readonly recoverable: boolean }[] = [
  { text: "initializing source docker://x: reading manifest 1 in docker.io/x: manifest unknown", recoverable: false },
  { text: "pinging container registry 127.0.0.1:9: dial tcp 127.0.0.1:9: connect: connection refused", recoverable: true },
];
for (const { text, recoverable } of failures) {
  test(`offers ${recoverable ? "another" : "no other"} try after: ${text}`, async () => {
    await using bench = await Bench.start();
    bench.fake.fault(/images\/pull/, lines({ stream: "Trying to pull" }, { error: text }));
    await assert.rejects(
      bench.resolve("x:1"),
      (error: Error & { readonly recoverable?: boolean }) =>
        error.message.startsWith("pull image x:1: ") && error.message.includes(text) && error.recoverable === recoverable,
    );
  });
}

test("judges what Podman 6 says with a status as it does a line of 4", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, {
    kind: "answer",
    status: 404,
    body: JSON.stringify({ cause: "manifest unknown", message: "reading manifest 1 in r.io/x: manifest unknown", response: 404 }),
  });
  await assert.rejects(bench.resolve("r.io/x:1"), {
    recoverable: false,
    message: /^pull image r\.io\/x:1: podman answered 404: .*manifest unknown; the registry has no such image; check name and tag$/,
  });
});

test("tries three times after a failure that Podman does not try again after, and says so", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/pull/, lines({ id }));
  bench.fake.fault(/images\/pull/, lines({ error: "received unexpected HTTP status: 503 Service Unavailable" }), 1);
  assert.equal(await bench.resolve("r.io/x:1"), id);
  assert.match(
    bench.told[1] ?? "",
    /^Pulling image r\.io\/x:1: try 1 failed, the next comes in 1\.0 s: podman answered: received unexpected HTTP status: 503/,
  );
  assert.equal(bench.fake.seen.filter((line) => line.includes("images/pull")).length, 2);
});

test("says how a name without a registry is to be written, and each thing once", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, lines({ error: 'short-name "x:1" did not resolve to an alias' }));
  await assert.rejects(bench.resolve("x:1"), {
    message:
      'pull image x:1: podman answered: short-name "x:1" did not resolve to an alias; write the image with its registry, such ' +
        'as docker.io/library/x:1',
  });
  await assert.rejects(bench.resolve("me/x:1"), { message: /such as docker\.io\/me\/x:1$/ });
});

test("offers another try after a pull that broke off or took too long", async () => {
  await using bench = await Bench.start();
  const rule = bench.fake.fault(/images\/pull/, { kind: "cut-before" });
  await assert.rejects(bench.resolve("x:1"), { recoverable: true, message: /pull image x:1: .*was lost[^;]*$/ });
  rule.clear();
  bench.fake.fault(/images\/pull/, { kind: "hang" });
  await assert.rejects(bench.resolve("x:1", { pullTimeoutMs: 50 }), {
    recoverable: true,
    message: "pull image x:1: not pulled within image_pull_timeout (0.05 s)",
  });
});

test("ends a pull with the caller's reason", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, { kind: "hang" });
  const reason = new Error("enough");
  const caller = new AbortController();
  const resolved = bench.resolve("x:1", {}, caller.signal);
  resolved.catch(() => undefined);
  await until(() => bench.fake.seen.some((line) => line.includes("images/pull")));
  caller.abort(reason);
  await assert.rejects(resolved, (error) => error === reason);
});

test("says when an image has vanished again", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, lines({ id: "f".repeat(64) }));
  await assert.rejects(bench.resolve("x:1"), { recoverable: true, message: "image x:1: it was pulled and has vanished again" });
});

test("runs the image that is there when a newer one cannot be asked for, and says so; without one it fails", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/pull/, lines({ error: "connect: connection refused" }));
  await assert.rejects(bench.resolve("r.io/x:1", { policy: "newer" }), { recoverable: true, message: /refused/ });
  bench.fake.fault(/images\/r\.io/, {
    kind: "answer",
    status: 200,
    body: JSON.stringify({ Id: id, Os: "linux", Architecture: "amd64", Size: 1, Config: {} }),
  });
  assert.equal(await bench.resolve("r.io/x:1", { policy: "newer" }), id);
  assert.match(
    bench.told.at(-1) ?? "",
    /^Running the image r\.io\/x:1 that is present, since nobody could tell whether there is a newer one: pull image r\.io\/x:1: .*refused/,
  );
});

test("makes one pull of those that ask for the same, and others of other logins, platforms and ways to get them", async () => {
  await using bench = await Bench.start();
  const id = await bench.resolve("localhost/busybox:1");
  const held = bench.fake.fault(/images\/pull/, { kind: "hang" });
  const login = { username: "u", password: "p", server: undefined };
  const wanted: readonly Partial<ImageNeed>[] = [
    {},
    {},
    { pullTimeoutMs: 9000 },
    { login },
    { login: { ...login, password: "q" } },
    { tlsVerify: false },
    { skipsFailingAuth: true },
    { platform: { architecture: "amd64", os: "", variant: "" } },
  ];
  const all = wanted.map((more) => bench.resolve("r.io/x:1", more));
  const pulls = (): number => bench.fake.seen.filter((line) => line.includes("images/pull")).length;
  await until(() => pulls() === 6);
  bench.fake.fault(/images\/pull/, lines({ id }));
  held.clear();
  assert.deepEqual(new Set(await Promise.all(all)), new Set([id]));
  assert.equal(pulls(), 6);
});

test("marks what it has pulled as the driver's also when nobody waits for it any more", async () => {
  await using bench = await Bench.start({ marksPulled: true });
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/json/, { kind: "answer", status: 200, body: "[]" });
  bench.fake.fault(/images\/pull/, lines({ id }));
  const held = bench.fake.fault(new RegExp(`images/${id}/json`), { kind: "hang" });
  bench.fake.fault(/\/tag$/, { kind: "answer", status: 201, body: "" });
  const count = (pattern: RegExp): number => bench.fake.seen.filter((line) => pattern.test(line)).length;
  const caller = new AbortController();
  const platform = { architecture: "amd64", os: "", variant: "" };
  const resolved = assert.rejects(bench.resolve("r.io/x:1", { platform }, caller.signal), /enough/);
  await until(() => count(new RegExp(`GET .*images/${id}/json`)) > 0);
  caller.abort(new Error("enough"));
  await resolved;
  assert.equal(count(/POST .*\/tag$/), 0);
  held.clear();
  // The name of its platform, and the mark.
  await until(() => count(/POST .*\/tag$/) === 2, 5000);
});

test("marks nothing that was there before, by whomever", async () => {
  await using bench = await Bench.start({ marksPulled: true });
  const id = await bench.resolve("localhost/busybox:1");
  bench.fake.fault(/images\/pull/, lines({ id }));
  bench.fake.fault(/\/tag$/, { kind: "answer", status: 201, body: "" });
  const marks = (): number => bench.fake.seen.filter((line) => /POST .*\/tag$/.test(line)).length;
  const there = bench.fake.fault(/images\/json/, { kind: "answer", status: 200, body: JSON.stringify([{ Id: id }]) });
  assert.equal(await bench.resolve("r.io/x:1", { policy: "always" }), id);
  assert.equal(marks(), 0);
  there.clear();
  bench.fake.fault(/images\/json/, { kind: "answer", status: 200, body: "[]" });
  assert.equal(await bench.resolve("r.io/x:1", { policy: "always" }), id);
  assert.equal(marks(), 1);
});

test("asks Podman once for what it does not take, whatever its words are", async () => {
  await using bench = await Bench.start();
  for (const [status, body] of [[400, { cause: "x", message: "bad parameter: status: 503", response: 400 }], [431, "too large"]] as const) {
    bench.fake.fault(/images\/pull/, { kind: "answer", status, body: typeof body === "string" ? body : JSON.stringify(body) });
    const before = bench.fake.seen.length;
    const message =
      status === 400
        ? /^pull image r\.io\/x:1: podman answered 400: [^;]*$/
        : /^pull image r\.io\/x:1: podman answered 431: too large; the login for this image is longer than Podman takes, which is some/;
    await assert.rejects(bench.resolve("r.io/x:1"), { recoverable: false, message });
    assert.equal(bench.fake.seen.slice(before).filter((line) => line.includes("images/pull")).length, 1);
  }
});

test("lets a pull go on for those who stay, and breaks it off with the last", async () => {
  await using bench = await Bench.start();
  bench.fake.fault(/images\/pull/, { kind: "hang" });
  const [first, second] = [new AbortController(), new AbortController()];
  const one = bench.resolve("r.io/x:1", {}, first.signal);
  const other = bench.resolve("r.io/x:1", {}, second.signal);
  const pulls = (): number => bench.fake.seen.filter((line) => line.includes("images/pull")).length;
  await until(() => pulls() === 1);
  first.abort(new Error("one left"));
  await assert.rejects(one, /one left/);
  // Whoever comes now joins the pull that goes on.
  const third = bench.resolve("r.io/x:1", {}, second.signal);
  third.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(pulls(), 1);
  second.abort(new Error("all left"));
  await assert.rejects(other, /all left/);
  await assert.rejects(third, /all left/);
  const last = new AbortController();
  const next = bench.resolve("r.io/x:1", {}, last.signal);
  next.catch(() => undefined);
  await until(() => pulls() === 2);
  last.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
});
