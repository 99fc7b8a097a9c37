import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer, type ClientHttp2Session, type ServerHttp2Stream } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { PlainPodman } from "./plain-podman.ts";

if (import.meta.main) serve(process.argv[2] ?? "", process.argv[3] ?? "");

/** Each request is the JSON text of a create call, and is answered with the id of the container when it runs. */
function serve(path: string, podmanSocket: string): void {
  const podman = new PlainPodman(podmanSocket);
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const answer = (text: string): void => void stream.end(text);
      const fail = (error: unknown): void => void stream.destroy(error as Error);
      podman.startContainer(Buffer.concat(chunks).toString()).then(({ id }) => answer(id), fail);
    });
  });
  server.listen(path, () => process.stdout.write("ready\n"));
}

/**
 * A Node process that stands between: it takes starts by HTTP/2 and makes the same calls to Podman, and does nothing else. The least
 * that a driver on `node:http2` can come to, which is another process than its agent.
 */
export class BareForwarder implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #session: ClientHttp2Session;

  private constructor(child: ChildProcess, session: ClientHttp2Session) {
    this.#child = child;
    this.#session = session;
  }

  /** @param path of the socket to be made */
  static async start(path: string, podmanSocket: string): Promise<BareForwarder> {
    // One that was killed leaves its own.
    await rm(path, { force: true });
    const args = ["--disable-warning=ExperimentalWarning", import.meta.filename, path, podmanSocket];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return new BareForwarder(child, connect("http://localhost", { createConnection: (): Socket => connectSocket(path) }));
  }

  /** As `PlainPodman.startContainer`. Settles with the container's id. */
  async startContainer(spec: string): Promise<string> {
    const stream = this.#session.request({ ":method": "POST", ":path": "/" });
    stream.end(spec);
    const chunks: Buffer[] = await stream.toArray();
    return Buffer.concat(chunks).toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.destroy();
    this.#child.kill();
    await once(this.#child, "exit");
  }
}
