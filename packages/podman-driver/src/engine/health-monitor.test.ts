import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fingerprint } from "@driver/nomad-plugin";
import { FakePodman, RecordedLog, until } from "@driver/testing";
import { followHealth } from "./health-monitor.ts";
import { openPolicy } from "../config/operator-policy.ts";
import { hostRoots } from "../host/proc-files.ts";
import { Engines, type EnginesConfig } from "./engines.ts";

const quick = { healthyMs: 5, firstRetryMs: 5, seenReturnMs: 5, unseenReturnMs: 5, restingMs: 5, probeTimeoutMs: 20_000 };
/** Without a sign nothing would be looked at before the test's end. */
const patient = { ...quick, healthyMs: 3_600_000, seenReturnMs: 3_600_000 };
/** Enough for one that answers, on a busy machine too. */
const probeTimeoutMs = 4000;

/** Two services, the first of them the default. */
class TwoServices implements AsyncDisposable {
  readonly fakes: readonly [FakePodman, FakePodman];
  readonly engines: Engines;
  readonly stop = new AbortController();

  private constructor(fakes: readonly [FakePodman, FakePodman]) {
    this.fakes = fakes;
    this.engines = new Engines(this.config(0, 1), new RecordedLog().logger);
  }

  /** Of the services of these numbers. */
  config(...numbers: readonly (0 | 1)[]): EnginesConfig {
    const sockets = numbers.map((index) => ({
      name: index === 0 ? "default" : "app",
      path: this.fakes[index].socketPath,
      isDefault: index === 0,
    }));
    return { sockets, callTimeoutMs: 5000 };
  }

  static async start(): Promise<TwoServices> {
    return new TwoServices([await FakePodman.start(), await FakePodman.start()]);
  }

  follow(intervals = quick, engines = this.engines, roots = hostRoots): AsyncGenerator<Fingerprint> {
    return followHealth(engines, { intervals, roots, policy: () => openPolicy }, this.stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    this.engines.close();
    for (const fake of this.fakes) await fake[Symbol.asyncDispose]();
  }
}

async function next(stream: AsyncGenerator<Fingerprint>): Promise<Fingerprint> {
  const { value, done } = await stream.next();
  return done === true ? assert.fail("the stream has ended") : (value as Fingerprint);
}

/** The next of the news that is wanted. What a service breaks off first may have another reason, and is told before it. */
async function nextThat(stream: AsyncGenerator<Fingerprint>, isWanted: (fingerprint: Fingerprint) => boolean): Promise<Fingerprint> {
  for (;;) {
    const fingerprint = await next(stream);
    if (isWanted(fingerprint)) return fingerprint;
  }
}

const isHealthy = ({ healthDescription }: Fingerprint): boolean => healthDescription === "Healthy";
const isAppDown = ({ attributes }: Fingerprint): boolean => attributes["driver.podman.app.health"] === "unhealthy";
const isAppGone = ({ healthDescription }: Fingerprint): boolean => /app: .*the socket does not exist/.test(healthDescription);

test("tells only what is new: an outage, and its end", async () => {
  await using services = await TwoServices.start();
  const stream = services.follow();
  assert.equal((await next(stream)).healthDescription, "Healthy");
  const [main, app] = services.fakes;
  const asked = main.seen.length;
  const changed = nextThat(stream, isAppGone);
  while (main.seen.length < asked + 6) await new Promise(setImmediate);
  await app.vanish();
  const gone = await changed;
  assert.match(gone.healthDescription, /some Podman sockets do not answer: app: .*the socket does not exist/);
  assert.equal(gone.attributes["driver.podman.app.version"], "4.3.1");
  await main.vanish();
  const down = await nextThat(stream, ({ attributes }) => attributes["driver.podman.health"] !== "healthy");
  assert.deepEqual([down.health, down.attributes["driver.podman"]], ["unhealthy", false]);
  await Promise.all([main.resume(), app.resume()]);
  await nextThat(stream, isHealthy);
});

test("says where another Podman listens when none of the config's answers", async () => {
  await using services = await TwoServices.start();
  const procDir = services.fakes[0].folder;
  mkdirSync(join(procDir, "net"));
  writeFileSync(join(procDir, "net/unix"), "0000000000000000: 00000002 00000000 00010000 0001 01 7 /run/user/7/podman/podman.sock\n");
  for (const fake of services.fakes) await fake.vanish();
  const { healthDescription } = await next(services.follow(patient, services.engines, { ...hostRoots, procDir }));
  assert.match(healthDescription, /a Podman that the plugin's config does not name listens on \/run\/user\/7\/podman\/podman\.sock$/);
});

test("does not wait for a service that hangs longer than for a probe, and names its socket", async () => {
  await using services = await TwoServices.start();
  services.fakes[0].fault(/./, { kind: "hang" });
  const stream = services.follow({ ...quick, probeTimeoutMs });
  const { health, healthDescription } = await nextThat(stream, ({ healthDescription: told }) => !told.includes("no answer yet"));
  assert.equal(health, "unhealthy");
  assert.ok(healthDescription.includes(`default: no answer within 4 s (socket ${services.fakes[0].socketPath})`), healthDescription);
});

test("looks at the services of a new plugin config at once, and no more at those it does not have", async () => {
  await using services = await TwoServices.start();
  const one = services.engines.replaceBy(services.config(0));
  const stream = services.follow(patient, one);
  assert.equal("driver.podman.app.health" in (await next(stream)).attributes, false);
  const both = one.replaceBy(services.config(0, 1));
  assert.equal((await next(stream)).attributes["driver.podman.app.health"], "healthy");
  both.replaceBy(services.config(1));
  const { attributes } = await next(stream);
  assert.deepEqual(
    ["health", "version", "app.health", "app.healthDescription"].map((name) => attributes[`driver.podman.${name}`]),
    ["", "", "healthy", "Healthy"],
  );
  both.close();
});

test("sees a service go and come back by no look of its own", async () => {
  await using services = await TwoServices.start();
  const [, app] = services.fakes;
  const stream = services.follow(patient);
  assert.equal((await next(stream)).healthDescription, "Healthy");
  // It dies and leaves its socket, as when it is killed.
  const down = nextThat(stream, isAppDown);
  await app.refuse();
  await down;
  const back = nextThat(stream, isHealthy);
  await app.resume();
  await back;
  // It takes its socket along, as when it is stopped.
  const gone = nextThat(stream, isAppGone);
  await app.vanish();
  await gone;
  await app.resume();
  await nextThat(stream, isHealthy);
});

test("sees that a service has lost its socket, though a connection to it is left", async () => {
  await using services = await TwoServices.start();
  const { socketPath } = services.fakes[1];
  const stream = services.follow(patient);
  assert.equal((await next(stream)).healthDescription, "Healthy");
  const gone = nextThat(stream, isAppGone);
  renameSync(socketPath, `${socketPath}.away`);
  await gone;
  const back = nextThat(stream, isHealthy);
  renameSync(`${socketPath}.away`, socketPath);
  await back;
});

test("sees by no look of its own that a service which gave no answer gives one", async () => {
  await using services = await TwoServices.start();
  const silent = services.fakes[1].fault(/./, { kind: "hang" });
  const stream = services.follow({ ...patient, firstRetryMs: 3_600_000, probeTimeoutMs });
  const { healthDescription } = await nextThat(stream, ({ healthDescription: told }) => !told.includes("no answer yet"));
  assert.match(healthDescription, /some Podman sockets do not answer: app: no answer within 4 s/);
  silent.clear();
  await nextThat(stream, isHealthy);
});

test("tells of the others while one service has given no first answer", async () => {
  await using services = await TwoServices.start();
  services.fakes[1].fault(/./, { kind: "hang" });
  const { health, attributes } = await next(services.follow({ ...patient, probeTimeoutMs: 60_000 }));
  assert.equal(health, "healthy");
  assert.match(String(attributes["driver.podman.app.healthDescription"]), /^no answer yet \(socket .*podman\.sock\)$/);
});

test("says nothing while no service has given its first answer, however slow they are", async () => {
  await using services = await TwoServices.start();
  const [silence] = services.fakes.map((fake) => fake.fault(/./, { kind: "hang" }));
  const first = next(services.follow({ ...patient, firstRetryMs: 10, probeTimeoutMs: 60_000 }));
  const told = await Promise.race([first.then(() => "told"), sleep(2500, "silent")]);
  silence?.clear();
  assert.deepEqual([told, (await first).health], ["silent", "healthy"]);
});

test("keeps one connection to each service, and none to one that has gone or when it ends", async () => {
  await using services = await TwoServices.start();
  const [main, app] = services.fakes;
  const stream = services.follow(patient);
  await next(stream);
  const held = async (): Promise<readonly number[]> => Promise.all([main.countConnections(), app.countConnections()]);
  for (let round = 0; round < 10; round++) {
    const down = nextThat(stream, isAppDown);
    await app.refuse();
    await down;
    const up = nextThat(stream, isHealthy);
    await app.resume();
    await up;
  }
  // One that is kept for the end, and one that the client's next read would use.
  await until(async () => (await held()).every((count) => count <= 2));
  services.stop.abort();
  services.engines.close();
  await until(async () => (await held()).every((count) => count === 0));
});

test("ends with the signal, also in the middle of a probe", async () => {
  await using services = await TwoServices.start();
  services.fakes[0].fault(/./, { kind: "hang" });
  const stream = services.follow();
  const first = stream.next();
  while (services.fakes[0].seen.length === 0) await new Promise(setImmediate);
  services.stop.abort();
  assert.equal((await first).done, true);
});
