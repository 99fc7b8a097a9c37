import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PodmanClient } from "../src/index.ts";
import { failure } from "./failure.ts";
import { startRawListener, startScriptedPodman, untilSeen } from "./scripted-podman.ts";

const limit = { timeout: 120_000 };
const { signal } = new AbortController();

describe("no service", limit, () => {
  test("a missing socket, a plain file and a path through a file are unreachable, with path and reason", async () => {
    const folder = await mkdtemp(join(tmpdir(), "libpod-test-"));
    const file = join(folder, "file");
    await writeFile(file, "");
    for (const [socketPath, reason] of [
      [join(folder, "missing.sock"), "the socket does not exist (ENOENT)"],
      [file, "nothing listens on the socket (ECONNREFUSED)"],
      [join(file, "podman.sock"), "a part of the socket's path is not a folder (ENOTDIR)"],
    ] as const) {
      const client = new PodmanClient({ socketPath });
      const error = await failure(client.ping(signal));
      assert.deepEqual(
        [error.code, error.message, error.endpoint],
        ["unreachable", `ping podman: cannot reach podman at ${socketPath}: ${reason}`, "GET /_ping"],
      );
      client.close();
    }
    await rm(folder, { recursive: true });
  });

  test("a service that is not Podman's is told apart", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.end("OK") });
    const error = await failure(server.client.ping(signal));
    assert.equal(error.code, "bad-answer");
    assert.match(error.message, /no Libpod-Api-Version header \(status 200\); is .*podman\.sock the socket of a Podman service\?/);
  });

  test("Docker's service is named, and another by the name it gives itself", async () => {
    for (const [name, reason] of [
      ["Docker/28.1.1 (linux)", "this is Docker (Docker/28.1.1 (linux)), not Podman; "],
      ["nginx", "no Libpod-Api-Version header (status 404, server nginx); "],
    ] as const) {
      await using server = await startScriptedPodman({
        answer: (_request, response) => response.writeHead(404, { server: name }).end("page not found"),
      });
      const error = await failure(server.client.ping(signal));
      assert.equal(error.code, "bad-answer");
      assert.ok(error.message.includes(reason), error.message);
    }
  });

  test("something that does not speak HTTP is a bad answer", async () => {
    await using server = await startRawListener((socket) => socket.resume().end("SSH-2.0-OpenSSH\r\n"));
    assert.equal((await failure(server.client.ping(signal))).code, "bad-answer");
  });
});

describe("broken connections", limit, () => {
  test("a connection closed with unread bytes loses the call", async () => {
    // Closing a unix socket with unread input resets it.
    await using server = await startRawListener((socket) => void setImmediate(() => socket.destroy()));
    const error = await failure(server.client.containers.start("web", signal));
    assert.equal(error.code, "connection-lost");
    assert.match(error.message, /^start container web: connection to podman at .*podman\.sock was lost: /);
  });

  test("half an answer loses the call, by length and in chunks", async () => {
    for (const headers of [{ "Content-Length": "1000" }, {}]) {
      await using server = await startScriptedPodman({
        answer: (_request, response) => {
          response.writeHead(200, headers);
          response.write('{"Id":"0768');
          response.write("", () => response.destroy());
        },
      });
      assert.equal((await failure(server.client.containers.inspect("web", signal))).code, "connection-lost");
    }
  });

  test("a call that changes something is sent once only", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.destroy() });
    assert.equal((await failure(server.client.containers.start("web", signal))).code, "connection-lost");
    assert.equal(server.seen.length, 1);
  });

  test("an event stream that breaks is lost; one that ends has ended", async () => {
    const event = '{"Type":"container","Action":"start","Actor":{"ID":"a"},"timeNano":1795408030991940055}\n';
    for (const breaks of [true, false]) {
      await using server = await startScriptedPodman({
        answer: (_request, response) => response.write(event, () => (breaks ? response.destroy() : response.end())),
      });
      const events = server.client.events.follow({}, signal);
      assert.equal((await events.next()).value?.at.toISOString(), "2026-11-23T04:27:10.991Z");
      if (breaks) assert.equal((await failure(events.next())).code, "connection-lost");
      else assert.equal((await events.next()).done, true);
    }
  });
});

describe("deadlines and aborts", limit, () => {
  test("a call without an answer ends at its deadline and says so", async () => {
    await using server = await startScriptedPodman({ timeouts: { quickMs: 30 } });
    const error = await failure(server.client.containers.inspect("web", signal));
    assert.deepEqual([error.code, error.message], ["timeout", "inspect container web: no answer from podman within 30 ms"]);
  });

  test("an answer that stops half-way ends at the deadline too", async () => {
    await using server = await startScriptedPodman({ timeouts: { quickMs: 30 }, answer: (_request, response) => void response.write("{") });
    assert.equal((await failure(server.client.info(signal))).code, "timeout");
  });

  test("a stop may take the container's time besides its own", async () => {
    await using server = await startScriptedPodman({ timeouts: { stopExtraMs: 20 } });
    assert.match((await failure(server.client.containers.stop("web", { timeoutSeconds: 0.1 }, signal))).message, /within 120 ms/);
  });

  test("a pull may take any time, and be silent while it downloads", async () => {
    await using server = await startScriptedPodman({
      timeouts: { quickMs: 30, startMs: 30, removeMs: 30 },
      answer: (_request, response) => {
        response.write('{"stream":"Copying blob\\n"}\n');
        setTimeout(() => response.end('{"id":"0768"}\n'), 300);
      },
    });
    const updates = await Array.fromAsync(server.client.images.pull({ reference: "r/x:1" }, signal));
    assert.deepEqual(updates, [{ kind: "progress", text: "Copying blob" }, { kind: "done", id: "0768" }]);
  });

  test("a pull tells how far its blobs are where Podman does", async () => {
    const blob = { status: "pulling", current: 5, total: 20, progressComponentID: "sha256:ab" };
    const lines = [
      { status: "pulling", stream: "Copying blob\n" },
      { status: "pulling", pullProgress: blob },
      { pullProgress: { ...blob, current: 20, total: -1 } },
      { status: "success", id: "0768" },
    ];
    await using server = await startScriptedPodman({
      answer: (_request, response) => response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    });
    assert.deepEqual((await Array.fromAsync(server.client.images.pull({ reference: "r/x:1" }, signal))).slice(1, 3), [
      { kind: "blob", digest: "sha256:ab", currentBytes: 5, totalBytes: 20 },
      { kind: "blob", digest: "sha256:ab", currentBytes: 20, totalBytes: 0 },
    ]);
  });

  test("an upload is ended by what breaks its source, and by an answer before its end", async () => {
    await using server = await startScriptedPodman({
      answer: (request, response) => response.end(JSON.stringify({ Names: [request.body, " r/x:1"] })),
    });
    const source = async function* (broken: boolean): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.from("one,");
      if (broken) throw new Error("the disk is gone");
      yield Buffer.from("two");
    };
    assert.deepEqual(await server.client.images.load(source(false), signal), ["one,two", "r/x:1"]);
    assert.match((await failure(server.client.images.load(source(true), signal))).message, /^load image: .*the disk is gone/);
  });

  test("an abort rejects with the caller's own reason, before, during and after the head of the answer", async () => {
    const reason = new Error("the task was killed");
    await using server = await startScriptedPodman({
      answer: (request, response) => void (request.target.includes("info") && response.write("{")),
    });
    await assert.rejects(server.client.ping(AbortSignal.abort(reason)), reason);
    assert.equal(server.seen.length, 0);
    for (const [index, call] of ["wait", "info"].entries()) {
      const caller = new AbortController();
      const pending = assert.rejects(
        call === "wait" ? server.client.containers.wait("web", {}, caller.signal) : server.client.info(caller.signal),
        reason,
      );
      await untilSeen(server, index + 1);
      caller.abort(reason);
      await pending;
    }
  });

  test("close ends open calls and streams, and refuses later ones", async () => {
    await using server = await startScriptedPodman({ answer: (_request, response) => response.flushHeaders() });
    const pending = [
      failure(server.client.containers.wait("a", {}, signal)),
      failure(server.client.events.follow({}, signal).next()),
      failure(server.client.info(signal)),
    ];
    await untilSeen(server, 3);
    server.client.close();
    for (const error of await Promise.all(pending)) assert.equal(error.code, "closed");
    assert.equal((await failure(server.client.ping(signal))).message, "ping podman: the podman client was closed");
  });

  test("leaving a stream early closes its connection", async () => {
    await using server = await startScriptedPodman({
      answer: (_request, response) => void response.write('{"stream":"one"}\n{"stream":"two"}\n'),
    });
    for await (const update of server.client.images.pull({ reference: "r/x:1" }, signal)) {
      assert.deepEqual(update, { kind: "progress", text: "one" });
      break;
    }
    // The server's teardown would not end with an open connection; nothing has closed the client yet.
    while ((await server.countConnections()) > 0) await new Promise(setImmediate);
  });

  test("many long calls leave short ones alone", async () => {
    await using server = await startScriptedPodman({
      answer: (request, response) => {
        if (request.target.includes("_ping")) response.setHeader("Libpod-Api-Version", "5.0.0").end("OK");
      },
    });
    const waits = new AbortController();
    const pending = Array.from(
      { length: 200 },
      async (_, index) => await assert.rejects(server.client.containers.wait(`c${index}`, {}, waits.signal)),
    );
    await untilSeen(server, 200);
    assert.equal((await server.client.ping(signal)).version, "5.0.0");
    waits.abort();
    await Promise.all(pending);
  });
});

describe("answers", limit, () => {
  test("Podman's own error keeps its cause, its text and the status", async () => {
    const body =
      '{"cause":"that name is already in use","message":"creating container storage: the name \\"web\\" is in use","response":500}';
    await using server = await startScriptedPodman({ answer: (_request, response) => response.writeHead(500).end(body) });
    const error = await failure(server.client.containers.create({ name: "web", image: "x" }, signal));
    assert.equal(error.message, 'create container web: podman answered 500: creating container storage: the name "web" is in use');
    assert.deepEqual(
      [error.code, error.status, error.podmanCause, error.endpoint],
      ["engine-error", 500, "that name is already in use", "POST /containers/create"],
    );
  });

  test("409 is a conflict, and only a 404 in Podman's JSON means that the object is missing", async () => {
    const answers: [number, string, string][] = [
      [409, '{"cause":"container state improper","message":"can only kill running containers","response":409}', "conflict"],
      [404, '{"cause":"no such container","message":"no container with name web","response":404}', "not-found"],
      [500, '{"cause":"container has already been removed","message":"container has already been removed","response":500}', "not-found"],
      [404, "Not Found", "engine-error"],
      [405, "Method Not Allowed", "engine-error"],
      [502, "", "engine-error"],
    ];
    for (const [status, body, code] of answers) {
      await using server = await startScriptedPodman({ answer: (_request, response) => response.writeHead(status).end(body) });
      const error = await failure(server.client.containers.kill("web", "SIGTERM", signal));
      assert.equal(error.code, code);
      assert.ok(error.message.startsWith(`send SIGTERM to container web: podman answered ${status}: `));
      if (code === "not-found") assert.equal(await server.client.containers.inspect("web", signal), undefined);
      else if (status === 404) assert.equal((await failure(server.client.containers.inspect("web", signal))).podmanMessage, "Not Found");
      else if (status === 502) assert.match(error.message, /without a reason$/);
    }
  });

  test("an error inside a 200 is an error", async () => {
    const inside = '{"cause":"no such container","message":"no such container","response":404}';
    await using server = await startScriptedPodman({ answer: (_request, response) => response.end(inside) });
    assert.equal((await failure(server.client.containers.wait("web", {}, signal))).code, "not-found");
    assert.equal(await server.client.containers.inspect("web", signal), undefined);
    assert.equal((await failure(server.client.events.follow({}, signal).next())).podmanCause, "no such container");
  });

  test("a failed pull rejects with the registry's words", async () => {
    const words = "initializing source docker://r/x:1: reading manifest 1 in r/x: manifest unknown";
    await using server = await startScriptedPodman({
      answer: (_request, response) => response.end(`{"stream":"Trying\\n"}\n${JSON.stringify({ error: `${words}\n` })}\n`),
    });
    const pull = server.client.images.pull({ reference: "r/x:1" }, signal);
    assert.deepEqual((await pull.next()).value, { kind: "progress", text: "Trying" });
    const error = await failure(pull.next());
    assert.deepEqual(
      [error.code, error.message, error.podmanMessage],
      ["engine-error", `pull image r/x:1: podman answered: ${words}`, words],
    );
  });

  test("a pull that ends without an image, an empty body and cut JSON are bad answers", async () => {
    for (const body of ["", "   \n", '{"stream":"x"}\n', '{"Id":"07']) {
      await using server = await startScriptedPodman({ answer: (_request, response) => response.end(body) });
      assert.equal((await failure(Array.fromAsync(server.client.images.pull({ reference: "r/x:1" }, signal)))).code, "bad-answer", body);
      const error = await failure(server.client.containers.inspect("web", signal));
      assert.equal(error.code, "bad-answer");
      assert.match(
        error.message,
        /^inspect container web: podman's answer makes no sense: (the body is empty|no JSON: |container\.Id is missing)/,
      );
    }
  });

  test("a wait that is not answered with a number is a bad answer", async () => {
    for (const body of ["null", '"137"', "1.5", "{}"]) {
      await using server = await startScriptedPodman({ answer: (_request, response) => response.end(body) });
      assert.equal((await failure(server.client.containers.wait("web", {}, signal))).code, "bad-answer");
    }
  });

  test("a body beyond the limit is refused and its connection closed", async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, " ");
    await using server = await startScriptedPodman({
      answer: (_request, response) => {
        const fill = (error?: Error | null): void => void (error ?? response.write(mebibyte, fill));
        fill();
      },
    });
    assert.match((await failure(server.client.info(signal))).message, /longer than 67108864 bytes/);
  });
});

describe("removals", limit, () => {
  test("a removal reads its report: gone, missing, an old service without one, and errors with and without text", async () => {
    const answers: [number, string, boolean | RegExp][] = [
      [200, '[{"Id":"0768","RawInput":"web","Err":null}]', true],
      [204, "", true],
      [404, '{"cause":"no such container","message":"gone","response":404}', false],
      [200, '[{"Id":"0768","Err":"device busy"}]', /remove container web: podman answered: device busy$/],
      [200, '[{"Id":"0768","Err":{}}]', /podman answered: an error without a reason$/],
    ];
    for (const [status, body, expected] of answers) {
      await using server = await startScriptedPodman({ answer: (_request, response) => response.writeHead(status).end(body) });
      const removal = server.client.containers.remove("web", { force: true, volumes: true }, signal);
      if (typeof expected === "boolean") assert.equal(await removal, expected);
      else assert.match((await failure(removal)).message, expected);
      assert.equal(server.seen[0]?.target, "/v4.0.0/libpod/containers/web?force=true&volumes=true&timeout=0");
    }
  });

  test("a forced removal is asked for again when the container has ended before Podman's kill, and only then", async () => {
    const why = "sending SIGKILL to container 0768: container state improper: stopped";
    const text = `cannot remove container 0768 as it could not be stopped: ${why}`;
    const ended = { cause: "container state improper", message: text, response: 500 };
    const paused = { ...ended, message: "cannot remove container 0768 as it is paused: container state improper" };
    for (const { error, times, force, expected, asked } of [
      { error: ended, times: 1, force: true, expected: true, asked: 2 },
      { error: ended, times: 2, force: true, expected: /could not be stopped: sending SIGKILL/, asked: 2 },
      { error: ended, times: 1, force: false, expected: /could not be stopped: sending SIGKILL/, asked: 1 },
      { error: paused, times: 1, force: true, expected: /as it is paused/, asked: 1 },
    ]) {
      await using server = await startScriptedPodman({
        answer: (_request, response) => {
          if (server.seen.length <= times) response.writeHead(500).end(JSON.stringify(error));
          else response.end('[{"Id":"0768","RawInput":"web","Err":null}]');
        },
      });
      const removal = server.client.containers.remove("web", { force, volumes: true }, signal);
      if (typeof expected === "boolean") assert.equal(await removal, expected);
      else assert.match((await failure(removal)).message, expected);
      assert.equal(server.seen.length, asked);
    }
  });
});
