import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { failure } from "./failure.ts";
import { startScriptedPodman } from "./scripted-podman.ts";

const limit = { timeout: 120_000 };
const { signal } = new AbortController();

describe("requests", limit, () => {
  test("credentials travel in a header only and stay out of errors", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.end('{"error":"unauthorized"}\n') });
    const login = { username: "ada", password: "s3cret" };
    const credentials = { byRegistry: { r: login, "r:5000/x": { identityToken: "s3cret" } } };
    const error = await failure(
      server.client.images.pull({ reference: "r/x:1", tlsVerify: false, arch: "arm64", credentials }, signal).next(),
    );
    const [seen] = server.seen;
    assert.equal(seen?.target, "/v4.0.0/libpod/images/pull?reference=r%2Fx%3A1&tlsVerify=false&Arch=arm64&pullProgress=true");
    const sent = (one: (typeof server.seen)[number] | undefined): unknown =>
      JSON.parse(Buffer.from(String(one?.headers["x-registry-auth"]), "base64url").toString());
    assert.deepEqual(sent(seen), { r: login, "r:5000/x": { identitytoken: "s3cret" } });
    await failure(server.client.images.pull({ reference: "x:1", credentials: { anyRegistry: login } }, signal).next());
    assert.deepEqual(sent(server.seen[1]), login);
    for (const { headers } of server.seen) assert.match(String(headers["x-registry-auth"]), /^([\w-]{4})*([\w-]{2}==|[\w-]{3}=)?$/);
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message, stack: error.stack }), /s3cret|czNjcmV0/);
  });

  test("create sends the spec as it is, with exact 64-bit values", async () => {
    await using server = await startScriptedPodman({
      answer: (_request, response) => response.writeHead(201).end('{"Id":"0768","Warnings":null}'),
    });
    const unlimited = 18446744073709551615n;
    const created = await server.client.containers.create(
      {
        name: "web",
        image: "x",
        r_limits: [{ type: "core", soft: unlimited, hard: unlimited }],
        Networks: { n: { static_ips: ["10.0.0.9"] } },
        log_configuration: { size: 2 ** 50 },
        user: undefined,
      },
      signal,
    );
    assert.deepEqual(created, { id: "0768", warnings: [] });
    assert.equal(
      server.seen[0]?.body,
      '{"name":"web","image":"x","r_limits":[{"type":"core","soft":18446744073709551615,"hard":18446744073709551615}],' +
        '"Networks":{"n":{"static_ips":["10.0.0.9"]}},"log_configuration":{"size":1125899906842624}}',
    );
  });

  test("create names the value of a namespace as Podman 3 does, too", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.writeHead(201).end('{"Id":"0768"}') });
    await server.client.containers.create({ netns: { nsmode: "container", value: "db" }, ipcns: { nsmode: "private" } }, signal);
    assert.equal(
      server.seen[0]?.body,
      '{"netns":{"nsmode":"container","value":"db","string":"db"},"ipcns":{"nsmode":"private"}}',
    );
  });

  test("200 calls on one signal leave no listener behind and warn of none", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    await using server = await startScriptedPodman({ answer: (_request, response) => response.end("0") });
    const caller = new AbortController();
    await Promise.all(Array.from({ length: 200 }, async () => await server.client.containers.wait("web", {}, caller.signal)));
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
    assert.deepEqual(getEventListeners(caller.signal, "abort"), []);
  });
});

describe("a held connection", limit, () => {
  const answerPing = (_request: unknown, response: ServerResponse): void =>
    void response.setHeader("Libpod-Api-Version", "5.0.0").end("OK");

  test("lasts until the service lets go of it", async () => {
    let connection: Socket | undefined;
    await using server = await startScriptedPodman({
      answer: (request, response) => {
        connection ??= response.socket ?? undefined;
        answerPing(request, response);
      },
    });
    const { ended } = await server.client.hold(signal);
    await server.client.ping(signal);
    assert.equal(await Promise.race([ended.then(() => "ended"), new Promise(setImmediate).then(() => "held")]), "held");
    connection?.destroy();
    await ended;
  });

  test("ends with the signal, and with the client", async () => {
    await using server = await startScriptedPodman({ answer: answerPing });
    const stop = new AbortController();
    const [byCaller, byClient] = [await server.client.hold(stop.signal), await server.client.hold(signal)];
    stop.abort();
    await byCaller.ended;
    assert.equal(getEventListeners(stop.signal, "abort").length, 0);
    server.client.close();
    await byClient.ended;
  });

  test("is none for a caller who leaves before it stands", async () => {
    await using server = await startScriptedPodman({ answer: answerPing });
    for (let round = 0; round < 20; round++) {
      const stop = new AbortController();
      const held = server.client.hold(stop.signal);
      setImmediate(() => stop.abort(new Error("has left")));
      await held.catch((error: unknown) => assert.match(String(error), /has left/));
    }
  });

  // That the connection is closed is seen by the service's disposal.
  test("is none where the service answers with a failure", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.writeHead(500).end("broken") });
    assert.equal((await failure(server.client.hold(signal))).code, "engine-error");
  });
});
