import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { requestEngine } from "./engine-request.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { podmanError } from "./fault-rule.ts";
import { SeededRandom } from "./seeded-random.ts";
import { testSetting } from "./test-setting.ts";
import { until } from "./until.ts";

const upstreamPath = testSetting("TEST_PODMAN_SOCKET");

async function startProxy(): Promise<FaultProxy> {
  return FaultProxy.start({ socketPath: `${upstreamPath}.${randomUUID().slice(0, 8)}`, upstreamPath });
}

function ask(proxy: FaultProxy, path: string, body?: string, method: "GET" | "POST" | "DELETE" = body === undefined ? "GET" : "POST") {
  const bytes = body === undefined ? {} : { body: Buffer.from(body) };
  return requestEngine(proxy.socketPath, { method, path, ...bytes, signal: AbortSignal.timeout(60_000) });
}

test("passes requests and answers unchanged", async () => {
  await using proxy = await startProxy();
  const direct = await requestEngine(upstreamPath, { method: "GET", path: "/_ping", signal: AbortSignal.timeout(60_000) });
  assert.deepEqual(await ask(proxy, "/_ping"), direct);
  assert.deepEqual(proxy.harmed, {});
});

test("harms the requests a rule names, from the nth on and so many times", async () => {
  await using proxy = await startProxy();
  const fault = proxy.inject({ path: /^\/_ping$/, nth: 2, times: 2, fault: podmanError("out of order") });
  const statuses = [];
  for (let times = 0; times < 4; times += 1) statuses.push((await ask(proxy, "/_ping")).status);
  assert.deepEqual(statuses, [200, 500, 500, 200]);
  assert.equal((await ask(proxy, "/info")).status, 200);
  assert.equal(fault.hits, 2);
});

test("breaks answers in each way it knows", async () => {
  await using proxy = await startProxy();
  const whole = (await ask(proxy, "/_ping")).text;
  proxy.inject({ times: 1, fault: { kind: "empty-body" } });
  assert.deepEqual(await ask(proxy, "/_ping"), { status: 200, text: "" });
  proxy.inject({ times: 1, fault: { kind: "half-body" } });
  assert.deepEqual(await ask(proxy, "/_ping"), { status: 200, text: whole.slice(0, Math.floor(whole.length / 2)) });
  for (const kind of ["cut-body", "dropped", "lost-answer"] as const) {
    proxy.inject({ times: 1, fault: { kind } });
    await assert.rejects(ask(proxy, "/_ping"), { code: "ECONNRESET" });
  }
  const asked = performance.now();
  proxy.inject({ times: 1, fault: { kind: "delay", delayMs: 200 } });
  assert.equal((await ask(proxy, "/_ping")).status, 200);
  assert.ok(performance.now() - asked >= 199);
});

test("holds a request until it is told", async () => {
  await using proxy = await startProxy();
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = proxy.inject({ path: /^\/info$/, fault: { kind: "held", until: promise } });
  const order: string[] = [];
  const asking = ask(proxy, "/info").then(({ status }) => order.push(`answered ${status}`));
  await until(() => held.hits === 1);
  assert.equal((await ask(proxy, "/_ping")).status, 200);
  order.push("let go");
  resolve();
  await asking;
  assert.deepEqual(order, ["let go", "answered 200"]);
});

test("loses an answer only after Podman has acted", async () => {
  await using proxy = await startProxy();
  const name = `lost-${randomUUID()}`;
  proxy.inject({ path: /create$/, times: 1, fault: { kind: "lost-answer" } });
  await assert.rejects(ask(proxy, "/containers/create", JSON.stringify({ name, image: testSetting("TEST_IMAGE") })));
  assert.equal((await ask(proxy, `/containers/${name}`, undefined, "DELETE")).status, 200);
});

test("refuses connections, and takes them again", async () => {
  await using proxy = await startProxy();
  await proxy.refuse();
  await assert.rejects(ask(proxy, "/_ping"), { code: "ECONNREFUSED" });
  await proxy.accept();
  assert.equal((await ask(proxy, "/_ping")).status, 200);
});

test("harms at random, and the same requests again with the same seed", async () => {
  const statuses = async (): Promise<number[]> => {
    await using proxy = await startProxy();
    proxy.harmAtRandom({ probability: 0.3, faults: [podmanError("bad luck")], random: new SeededRandom(7) });
    const seen = [];
    for (let times = 0; times < 20; times += 1) seen.push((await ask(proxy, "/_ping")).status);
    return seen;
  };
  const first = await statuses();
  assert.ok(first.includes(200) && first.includes(500));
  assert.deepEqual(await statuses(), first);
});
