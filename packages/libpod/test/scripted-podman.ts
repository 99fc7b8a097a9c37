import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PodmanClient, type CallTimeouts } from "../src/index.ts";

/** What the server saw of a request. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Script {
  /** Answers a request, or breaks off in the way the test wants. */
  readonly answer?: (request: SeenRequest, response: ServerResponse) => void;
  /** Answers a request to take the connection over; `early` is what followed the head of the request. */
  readonly upgrade?: (request: SeenRequest, socket: Socket, early: Buffer) => void;
  readonly timeouts?: Partial<CallTimeouts>;
}

export interface ScriptedPodman extends AsyncDisposable {
  readonly socketPath: string;
  readonly client: PodmanClient;
  readonly seen: readonly SeenRequest[];
  /** Connections that are open now. */
  countConnections(): Promise<number>;
  /** Connections since the start. */
  readonly accepted: number;
}

/** A service on a socket of its own that follows a script. Disposing it fails while the client holds a connection. */
export async function startScriptedPodman(script: Script): Promise<ScriptedPodman> {
  const folder = await mkdtemp(join(tmpdir(), "libpod-test-"));
  const socketPath = join(folder, "podman.sock");
  const seen: SeenRequest[] = [];
  const see = (request: IncomingMessage, body: string): SeenRequest => {
    const one = { method: request.method ?? "", target: request.url ?? "", headers: request.headers, body };
    seen.push(one);
    return one;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => script.answer?.(see(request, Buffer.concat(chunks).toString()), response));
  });
  const taken: Socket[] = [];
  server.on("upgrade", (request, socket: Socket, head) => {
    taken.push(socket);
    // The server's side stays half open otherwise.
    socket.once("end", () => setImmediate(() => socket.end()));
    script.upgrade?.(see(request, ""), socket, head);
  });
  let accepted = 0;
  server.on("connection", () => (accepted += 1));
  await listen(server, socketPath);
  const client = new PodmanClient({ socketPath, timeouts: script.timeouts });
  return {
    socketPath,
    client,
    seen,
    countConnections: () => countConnections(server),
    get accepted() {
      return accepted;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      for (const socket of taken) socket.resume();
      // Settles only when every connection is gone: a leaked one fails the test by its time limit.
      await closeServer(server);
      await rm(folder, { recursive: true });
    },
  };
}

/** A listener without HTTP: every connection goes to `onConnection`. */
export async function startRawListener(
  onConnection: (socket: Socket) => void,
): Promise<Omit<ScriptedPodman, "seen" | "accepted" | "countConnections">> {
  const folder = await mkdtemp(join(tmpdir(), "libpod-test-"));
  const socketPath = join(folder, "podman.sock");
  const server = createNetServer({ pauseOnConnect: true }, onConnection);
  await listen(server, socketPath);
  const client = new PodmanClient({ socketPath });
  return {
    socketPath,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await closeServer(server);
      await rm(folder, { recursive: true });
    },
  };
}

/** Settles when the service has seen so many requests. */
export async function untilSeen(server: { readonly seen: readonly unknown[] }, count: number): Promise<void> {
  while (server.seen.length < count) await new Promise(setImmediate);
}

async function listen(server: Server | NetServer, socketPath: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
}

async function closeServer(server: Server | NetServer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}

async function countConnections(server: Server): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
