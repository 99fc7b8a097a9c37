import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fingerprint } from "@driver/nomad-plugin";
import { FakePodman, RecordedLog } from "@driver/testing";
import { followHealth } from "./health-monitor.ts";
import { Engine } from "./engine.ts";

const intervals = { healthyMs: 5, unhealthyMs: 5, probeTimeoutMs: 300 };

/** Two services, the first of them the default. */
class TwoServices implements AsyncDisposable {
  readonly fakes: readonly [FakePodman, FakePodman];
  readonly engines: readonly Engine[];
  readonly stop = new AbortController();

  private constructor(fakes: readonly [FakePodman, FakePodman]) {
    this.fakes = fakes;
    this.engines = fakes.map((fake, index) => new Engine({ name: index === 0 ? "default" : "app", path: fake.socketPath, isDefault: index === 0, callTimeoutMs: 5000, logger: new RecordedLog().logger }));
  }

  static async start(): Promise<TwoServices> {
    return new TwoServices([await FakePodman.start(), await FakePodman.start()]);
  }

  follow(): AsyncGenerator<Fingerprint> {
    return followHealth(() => this.engines, intervals, this.stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    for (const engine of this.engines) engine.close();
    for (const fake of this.fakes) await fake[Symbol.asyncDispose]();
  }
}

async function next(stream: AsyncGenerator<Fingerprint>): Promise<Fingerprint> {
  const { value, done } = await stream.next();
  return done === true ? assert.fail("the stream has ended") : (value as Fingerprint);
}

test("tells only what is new: an outage, and its end", async () => {
  await using services = await TwoServices.start();
  const stream = services.follow();
  assert.equal((await next(stream)).healthDescription, "Healthy");
  const [main, app] = services.fakes;
  const asked = main.seen.length;
  const changed = next(stream);
  while (main.seen.length < asked + 6) await new Promise(setImmediate);
  await app.vanish();
  assert.match((await changed).healthDescription, /some Podman sockets do not answer: app: .*the socket does not exist/);
  await main.vanish();
  const down = await next(stream);
  assert.deepEqual([down.health, down.attributes["driver.podman"]], ["unhealthy", false]);
  await Promise.all([main.resume(), app.resume()]);
  for (let fingerprint = await next(stream); fingerprint.healthDescription !== "Healthy"; ) fingerprint = await next(stream);
});

test("does not wait for a service that hangs longer than for a probe, and names its socket", async () => {
  await using services = await TwoServices.start();
  services.fakes[0].fault(/./, { kind: "hang" });
  const startedMs = performance.now();
  const { health, healthDescription } = await next(services.follow());
  assert.ok(performance.now() - startedMs < 2000);
  assert.equal(health, "unhealthy");
  assert.ok(healthDescription.includes(`default: no answer within 0.3 s (socket ${services.fakes[0].socketPath})`), healthDescription);
});

test("looks at the services of a new plugin config", async () => {
  await using services = await TwoServices.start();
  let engines = services.engines.slice(0, 1);
  const stream = followHealth(() => engines, intervals, services.stop.signal);
  assert.equal("driver.podman.app.health" in (await next(stream)).attributes, false);
  engines = services.engines.slice();
  assert.equal((await next(stream)).attributes["driver.podman.app.health"], "healthy");
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
