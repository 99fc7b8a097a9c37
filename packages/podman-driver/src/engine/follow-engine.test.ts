import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { RecordedLog, until } from "@driver/testing";
import { hostRoots } from "../host/proc-files.ts";
import { Engine } from "./engine.ts";
import type { EngineProbe } from "./fingerprint.ts";
import { defaultHealthIntervals, followEngine, pauseAfter } from "./follow-engine.ts";

const info = JSON.stringify({ version: { Version: "5.4.2" } });

/** A service on a socket that has one listener for good, as systemd's is; what has been asked of it, and what was found. */
async function startRestingService(
  context: TestContext,
): Promise<{ readonly server: Server; readonly engine: Engine; readonly asked: string[]; readonly looks: EngineProbe[] }> {
  const folder = mkdtempSync(join(tmpdir(), "resting-"));
  const path = join(folder, "podman.sock");
  // The name of a socket that stays when its listener goes, as with systemd's.
  mkdirSync(join(folder, "bound"));
  symlinkSync(join(folder, "bound/podman.sock"), path);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url?.split("/").at(-1) ?? "");
    response.setHeader("Libpod-Api-Version", "5.4.2").end(request.url?.endsWith("info") === true ? info : "OK");
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "bound/podman.sock"), resolve));
  const engine = new Engine({ path, callTimeoutMs: 20_000, logger: new RecordedLog().logger });
  const stop = new AbortController();
  const looks: EngineProbe[] = [];
  void (async () => {
    for await (const look of followEngine(
      engine,
      { intervals: { ...defaultHealthIntervals, healthyMs: 3_600_000, restingMs: 50 }, roots: hostRoots },
      stop.signal,
    ))
      looks.push(look);
  })();
  context.after(() => {
    stop.abort();
    engine.close();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { server, engine, asked, looks };
}

test("leaves a service to rest that lets go of its connections while systemd listens for it", async (context) => {
  const { server, engine, asked, looks } = await startRestingService(context);
  // The look's ping and info, and the ping whose connection is kept.
  await until(() => asked.length === 3);
  server.closeAllConnections();
  await until(async () => (await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))) === 0);
  // What the end of the connection had caused would have been asked before this.
  for (let round = 0; round < 3; round++) await engine.client.ping(AbortSignal.timeout(20_000));
  assert.deepEqual([asked.length, looks.length], [6, 1]);
});

test("looks again where nobody listens any more", async (context) => {
  const { server, asked, looks } = await startRestingService(context);
  await until(() => asked.length === 3);
  server.close();
  server.closeAllConnections();
  await until(() => looks.length > 1);
  assert.match(JSON.stringify(looks.at(-1)), /cannot reach podman|was lost/);
});

test("sees without a look that systemd listens no more for a service that rests", async (context) => {
  const { server, asked, looks } = await startRestingService(context);
  await until(() => asked.length === 3);
  server.closeAllConnections();
  await until(async () => (await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))) === 0);
  // It is seen to rest before the listener goes.
  await sleep(200);
  assert.equal(looks.length, 1);
  server.close();
  await until(() => looks.length > 1);
  assert.match(JSON.stringify(looks.at(-1)), /cannot reach podman/);
});

test("asks a service that is away once a minute where its return is seen, and elsewhere more often for five minutes", () => {
  const pause = (outcome: "unreachable" | "silent" | "other-failure", isPlaceWatched: boolean, failures: number): number =>
    pauseAfter({ outcome, failures, isPlaceWatched }, defaultHealthIntervals);
  const pauses = (outcome: "unreachable" | "silent" | "other-failure", isPlaceWatched: boolean): readonly number[] =>
    [1, 2, 5, 8, 20, 36, 37, 5000].map((failures) => pause(outcome, isPlaceWatched, failures));
  const seen = [100, 200, 1600, 12_800, 60_000, 60_000, 60_000, 60_000];
  const unseen = [100, 200, 1600, 10_000, 10_000, 10_000, 60_000, 60_000];
  assert.deepEqual(pauses("unreachable", true), seen);
  assert.deepEqual(pauses("silent", false), seen);
  assert.deepEqual(pauses("unreachable", false), unseen);
  assert.deepEqual(pauses("other-failure", true), unseen);
  const untilCalmMs = Array.from({ length: 36 }, (_, index) => pause("unreachable", false, index + 1)).reduce((sum, ms) => sum + ms, 0);
  assert.ok(untilCalmMs > 290_000 && untilCalmMs < 310_000, String(untilCalmMs));
  assert.equal(pauseAfter({ outcome: "healthy", failures: 0, isPlaceWatched: true }, defaultHealthIntervals), 30_000);
});
