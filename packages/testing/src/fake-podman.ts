import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FakeContainer } from "./fake-container.ts";
import { FakeEngine, type FakeAnswer } from "./fake-engine.ts";

/** What goes wrong with a request. */
export type ScriptedFault =
  /** No answer until the fault is cleared; the request is then served as if it had just come. */
  | { readonly kind: "hang" }
  /** An answer of the test's own; nothing is done. */
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  /** The connection is cut before anything is done, or after, in place of the answer. */
  | { readonly kind: "cut-before" | "cut-after" }
  /** It is done, but the body of the answer is missing, or only half of the JSON comes. */
  | { readonly kind: "empty-body" | "half-body" };

export interface ScriptedFaultRule {
  /** Ends the fault, for requests that hang as well. */
  clear(): void;
}

interface ActiveFault {
  readonly endpoint: RegExp;
  readonly fault: ScriptedFault;
  readonly cleared: Promise<void>;
  clear(): void;
  left: number;
}

/** A Podman service on a unix socket that does what a test scripts. Its containers outlive the service, as with conmon. */
export class FakePodman implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fake-podman-"));
  readonly socketPath = join(this.folder, "podman.sock");
  /** Requests so far, as `METHOD /path`. */
  readonly seen: string[] = [];
  readonly #engine: FakeEngine;
  #faults: ActiveFault[] = [];
  #server: Server | undefined;

  private constructor(images: readonly string[]) {
    this.#engine = new FakeEngine(this.folder, images);
  }

  /** `images`: the names of those that are present. Default: the image of the test run. */
  static async start(images: readonly string[] = ["localhost/busybox:1"]): Promise<FakePodman> {
    const fake = new FakePodman(images);
    await fake.resume();
    return fake;
  }

  /** What it says it is; it answers as 4.3.1 does. */
  set version(version: string) {
    this.#engine.version = version;
  }

  /** What it says of each container that it makes from now on. */
  set warnings(texts: readonly string[]) {
    this.#engine.warnings = texts;
  }

  get containers(): readonly FakeContainer[] {
    return this.#engine.containers;
  }

  /** Lets `fault` happen to the next `times` requests (default: all) whose `METHOD /path` matches; the latest rule wins. */
  fault(endpoint: RegExp, fault: ScriptedFault, times = Infinity): ScriptedFaultRule {
    let release: () => void = () => undefined;
    const cleared = new Promise<void>((resolve) => (release = resolve));
    const clear = (): void => {
      this.#faults = this.#faults.filter((one) => one !== active);
      release();
    };
    const active: ActiveFault = { endpoint, fault, cleared, clear, left: times };
    this.#faults = [active, ...this.#faults];
    return active;
  }

  /** Ends all faults; requests that hang are served. */
  clearFaults(): void {
    for (const { clear } of this.#faults) clear();
    this.#faults = [];
  }

  /** How many connections clients have open now. */
  async countConnections(): Promise<number> {
    const server = this.#server;
    return server === undefined ? 0 : await promisify(server.getConnections.bind(server))();
  }

  /** Breaks the connections there are; the service goes on. */
  cutConnections(): void {
    this.#server?.closeAllConnections();
  }

  /** The service ends: open connections break, and new ones are refused, since the socket stays. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** The service takes its socket away, and ends. */
  async vanish(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    await this.refuse();
  }

  /** The service is there again. */
  async resume(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((request, response) => {
      // A client that hangs up is no concern of the service's.
      void this.#serve(request, response).catch(() => response.destroy());
    });
    // As with Podman's service, it is the client that ends a kept connection.
    server.keepAliveTimeout = 0;
    // Under its real name only once it listens; closing then leaves the file behind, as a killed service does.
    const birthName = join(this.folder, "birth.sock");
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(birthName, resolve);
    });
    renameSync(birthName, this.socketPath);
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://podman");
    const path = url.pathname.split("/").slice(3).map(decodeURIComponent);
    const endpoint = `${incoming.method ?? ""} /${path.join("/")}`;
    const body = await readBody(incoming);
    this.seen.push(endpoint);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const fault = await this.#meetFault(endpoint);
    if (fault?.kind === "cut-before") return void incoming.socket.destroy();
    const request = { method: incoming.method ?? "", path, query: url.searchParams, body, signal: gone.signal };
    const answer = fault?.kind === "answer" ? fault : await this.#engine.handle(request);
    if (fault?.kind === "cut-after") return void incoming.socket.destroy();
    send(response, { status: answer.status, body: spoil(answer.body, fault) }, this.#engine.version);
  }

  /** The fault that is left when none hangs any more. */
  async #meetFault(endpoint: string): Promise<ScriptedFault | undefined> {
    for (;;) {
      const active = this.#faults.find((one) => one.left > 0 && one.endpoint.test(endpoint));
      if (active === undefined) return undefined;
      active.left -= 1;
      if (active.fault.kind !== "hang") return active.fault;
      await active.cleared;
    }
  }
}

function spoil(body: string, fault: ScriptedFault | undefined): string {
  if (fault?.kind === "empty-body") return "";
  return fault?.kind === "half-body" ? body.slice(0, Math.ceil(body.length / 2)) : body;
}

function send(response: ServerResponse, answer: FakeAnswer, version: string): void {
  response.writeHead(answer.status, { "Libpod-API-Version": version, "API-Version": "1.41", "Content-Type": "application/json" });
  response.end(answer.body);
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
