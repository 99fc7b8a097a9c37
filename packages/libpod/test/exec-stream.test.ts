import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { LibpodError, type ExecStream } from "../src/index.ts";
import { startScriptedPodman, type ScriptedPodman } from "./scripted-podman.ts";

const limit = { timeout: 120_000 };
const { signal } = new AbortController();
const switching = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

function frame(kind: number, text: string): Buffer {
  const header = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** A service whose exec connection is handed to `onTaken`. */
async function startExecService(onTaken: (socket: Socket) => void): Promise<ScriptedPodman> {
  return await startScriptedPodman({ upgrade: (_request, socket) => onTaken(socket) });
}

async function readAll(stream: ExecStream): Promise<Record<"stdout" | "stderr", string>> {
  const text = { stdout: "", stderr: "" };
  for await (const piece of stream.output) text[piece.stream] += Buffer.from(piece.data).toString();
  return text;
}

const improper = '{"cause":"exec session state improper","message":"can only start created exec sessions","response":500}';
const unknown = '{"cause":"no such exec session","message":"no exec session e1","response":404}';
const refusals = [
  [500, improper, "engine-error", "start exec e1: podman answered 500: can only start created exec sessions"],
  [404, unknown, "not-found", "start exec e1: podman answered 404: no exec session e1"],
  [200, "", "bad-answer", "start exec e1: podman's answer makes no sense: status 200 instead of 101"],
] as const;

describe("an exec's connection", limit, () => {
  test("loses no output that comes in one packet with the switch", async () => {
    await using server = await startExecService((socket) =>
      socket.end(Buffer.concat([Buffer.from(switching), frame(1, "out"), frame(2, "err")])),
    );
    const stream = await server.client.exec.start("e1", { tty: false }, signal);
    assert.deepEqual(await readAll(stream), { stdout: "out", stderr: "err" });
  });

  test("carries a terminal's bytes as they are", async () => {
    await using server = await startExecService((socket) => {
      socket.write(`${switching}\x01\0\0`);
      socket.end("\0raw\r\n");
    });
    const stream = await server.client.exec.start("e1", { tty: true }, signal);
    assert.deepEqual(await readAll(stream), { stdout: "\x01\0\0\0raw\r\n", stderr: "" });
  });

  test("goes on with output after stdin has ended", async () => {
    await using server = await startExecService((socket) => {
      const input: Buffer[] = [];
      socket.write(switching);
      socket.on("data", (chunk: Buffer) => input.push(chunk));
      // The switch request's own body comes first.
      socket.on("end", () => socket.end(frame(1, Buffer.concat(input).toString().split("}").at(-1) ?? "")));
    });
    const stream = await server.client.exec.start("e1", { tty: false }, signal);
    await stream.write(Buffer.from("some "));
    await stream.write(Buffer.from("input"));
    await stream.end();
    assert.equal((await readAll(stream)).stdout, "some input");
  });

  test("holds a writer back while the command does not read", async () => {
    const taken = Promise.withResolvers<Socket>();
    await using server = await startExecService((socket) => {
      socket.pause();
      socket.write(switching);
      taken.resolve(socket);
    });
    const stream = await server.client.exec.start("e1", { tty: false }, signal);
    let settled = false;
    const write = stream.write(Buffer.alloc(8 * 1024 * 1024)).then(() => (settled = true));
    const socket = await taken.promise;
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    assert.equal(settled, false);
    socket.resume();
    await write;
    stream.destroy();
  });

  test("is refused with the service's words", async () => {
    for (const [status, text, code, message] of refusals) {
      await using server = await startExecService((socket) =>
        socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`),
      );
      await assert.rejects(
        server.client.exec.start("e1", { tty: false }, signal),
        (error) => error instanceof LibpodError && error.code === code && error.message === message,
      );
    }
  });

  test("that ends within a frame is lost", async () => {
    await using server = await startExecService((socket) =>
      socket.end(Buffer.concat([Buffer.from(switching), frame(1, "whole").subarray(0, 10)])),
    );
    const stream = await server.client.exec.start("e1", { tty: false }, signal);
    await assert.rejects(readAll(stream), {
      code: "connection-lost",
      message: /^start exec e1: .* was lost: it ended in the middle of a frame$/,
    });
  });

  test("that carries no frames, or a frame with an error, is a bad answer with the text", async () => {
    for (const [bytes, text] of [
      [Buffer.from("plain text"), /are no frame header$/],
      [frame(3, "container stopped"), /container stopped$/],
    ] as const) {
      await using server = await startExecService((socket) => socket.end(Buffer.concat([Buffer.from(switching), bytes])));
      await assert.rejects(readAll(await server.client.exec.start("e1", { tty: false }, signal)), { code: "bad-answer", message: text });
    }
  });

  test("is closed by an abort, and reader and writer reject with its reason", async () => {
    const reason = new Error("the task was killed");
    const caller = new AbortController();
    await using server = await startExecService((socket) => socket.pause().write(switching));
    const stream = await server.client.exec.start("e1", { tty: false }, caller.signal);
    const both = [assert.rejects(readAll(stream), reason), assert.rejects(stream.write(Buffer.alloc(8 * 1024 * 1024)), reason)];
    caller.abort(reason);
    await Promise.all(both);
  });

  test("is closed by the client's close, by destroy and by a reader that leaves", async () => {
    for (const end of ["close", "destroy", "leave"] as const) {
      const taken = Promise.withResolvers<Socket>();
      await using server = await startExecService((socket) => {
        socket.write(Buffer.concat([Buffer.from(switching), frame(1, "first")]));
        taken.resolve(socket.resume());
      });
      const stream = await server.client.exec.start("e1", { tty: false }, signal);
      const gone = once(await taken.promise, "close");
      if (end === "close") server.client.close();
      if (end === "destroy") stream.destroy();
      if (end === "leave") {
        const output = stream.output[Symbol.asyncIterator]();
        await output.next();
        await output.return?.();
      }
      await gone;
      await assert.rejects(stream.write(Buffer.from("x")), LibpodError);
    }
  });
});

test("an exec's connection is its own from the beginning, and not that of the call before", limit, async () => {
  const used = new Set<unknown>();
  await using server = await startScriptedPodman({
    answer(_request, response) {
      used.add(response.socket);
      response.writeHead(201).end('{"Id":"e1"}');
    },
    upgrade: (_request, socket) => (used.has(socket) ? socket.destroy() : socket.end(switching)),
  });
  const id = await server.client.exec.create("web", { command: ["true"], tty: true, attachStdin: true }, signal);
  const stream = await server.client.exec.start(id, { tty: true }, signal);
  assert.deepEqual(await readAll(stream), { stdout: "", stderr: "" });
});
