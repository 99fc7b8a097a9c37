import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Bed } from "./bed.ts";

/** A socket in front of a Podman service that notes what is asked of it. */
export class ApiRecorder implements AsyncDisposable {
  readonly socketPath: string;
  /** `METHOD /path`, without version and query. */
  readonly calls: string[] = [];
  /** Bodies of create calls. */
  readonly created: string[] = [];
  readonly #upstreamPath: string;
  readonly #server: Server;

  private constructor(socketPath: string, upstreamPath: string) {
    this.socketPath = socketPath;
    this.#upstreamPath = upstreamPath;
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing));
  }

  /** `upstreamPath`: default the bed's service. */
  static async start(bed: Bed, name: string, upstreamPath = bed.podman.socketPath): Promise<ApiRecorder> {
    const recorder = new ApiRecorder(join(bed.scratch, `${name}.sock`), upstreamPath);
    recorder.#server.listen(recorder.socketPath);
    await once(recorder.#server, "listening");
    return recorder;
  }

  count(pattern: RegExp): number {
    return this.calls.filter((call) => pattern.test(call)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "", url = "", headers } = incoming;
    this.calls.push(`${method} ${url.replace(/\?.*$/, "").replace(/^\/v[^/]*\/libpod/, "")}`);
    const passed = request({ socketPath: this.#upstreamPath, method, path: url, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    if (method === "POST" && url.endsWith("/containers/create")) {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("end", () => this.created.push(Buffer.concat(chunks).toString()));
    }
    incoming.pipe(passed);
  }
}
