import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { basename } from "node:path";

/** A file that a server on loopback hands out, for artifacts. Disposing it ends the server. */
export class ServedFile implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(path: string): Promise<ServedFile> {
    const content = await readFile(path);
    const server = createServer((_request, answer) => void answer.end(content)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address !== "string");
    return new ServedFile(`http://127.0.0.1:${address.port}/${basename(path)}`, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
