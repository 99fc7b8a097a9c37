import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { makeAuthority, makeCertificate } from "./test-certificates.ts";
import { testSetting } from "./test-setting.ts";

/**
 * A TCP port on loopback in front of Podman's unix socket that lets in who shows a certificate of its CA. Its folder has `ca.crt`,
 * the service's `server.crt`, and `client.crt` with `client.key` for who comes.
 */
export class TlsFront implements AsyncDisposable {
  readonly folder: string;
  readonly #upstreamPath: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(folder: string, upstreamPath: string, server: Server) {
    this.folder = folder;
    this.#upstreamPath = upstreamPath;
    this.#server = server;
    server.on("secureConnection", (socket) => this.#relay(socket));
    server.on("connection", (socket) => this.#own(socket));
  }

  /** @param upstreamPath Podman's socket; default: that of this test run */
  static async start(upstreamPath = testSetting("TEST_PODMAN_SOCKET")): Promise<TlsFront> {
    const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "tls-"));
    await makeAuthority(folder);
    for (const name of ["server", "client"]) await makeCertificate(folder, name);
    const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
    const server = createServer({
      ca: await read("ca.crt"),
      cert: await read("server.crt"),
      key: await read("server.key"),
      requestCert: true,
      rejectUnauthorized: true,
      // An exec's stdin ends while its output goes on.
      allowHalfOpen: true,
    });
    const front = new TlsFront(folder, upstreamPath, server);
    await front.listen();
    return front;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens again, on the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address !== null && typeof address !== "string") this.#port = address.port;
  }

  /** Breaks every connection and refuses new ones until `listen`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.refuse();
    await rm(this.folder, { recursive: true });
  }

  #relay(near: Socket): void {
    const far = createConnection({ path: this.#upstreamPath, allowHalfOpen: true });
    this.#own(far);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      one.on("error", () => other.destroy());
      one.once("close", () => other.destroy());
      one.pipe(other);
    }
  }

  #own(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
