import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createConnection, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { RuleCounter, type ActiveFault, type Fault, type FaultRule, type SeenRequest } from "./fault-rule.ts";
import { relayUpgrade } from "./fault-upgrade.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface FaultProxyOptions {
  /** Where the proxy listens; must not exist yet. */
  readonly socketPath: string;
  /** Where Podman listens. It need not be there: the client then sees its connection broken, as with a dying service. */
  readonly upstreamPath: string;
}

/** Faults at random: each request that no rule befalls is harmed with this probability. */
export interface BackgroundFaults {
  readonly probability: number;
  readonly faults: readonly [Fault, ...Fault[]];
  readonly random: SeededRandom;
}

/**
 * A unix socket in front of Podman's that harms requests, by rule or at random. Everything else passes unchanged, connections
 * that are taken over (exec, attach) included.
 */
export class FaultProxy implements AsyncDisposable {
  readonly socketPath: string;
  readonly #upstreamPath: string;
  #server: Server;
  readonly #rules = new Set<RuleCounter>();
  readonly #counts = new Map<string, number>();
  readonly #sockets = new Set<Duplex>();
  readonly #unanswered = new Set<ServerResponse>();
  readonly #ending = new AbortController();
  #background: BackgroundFaults | undefined;

  private constructor(options: FaultProxyOptions) {
    this.socketPath = options.socketPath;
    this.#upstreamPath = options.upstreamPath;
    this.#server = this.#createServer();
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await listen(proxy.#server, proxy.socketPath);
    return proxy;
  }

  /** Harmed requests so far, by kind of fault. */
  get harmed(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** How many requests with this path have no whole answer yet; those that take the connection over do not count. */
  countOpen(path: RegExp): number {
    return [...this.#unanswered].filter(({ req }) => path.test(toEndpointPath(req.url ?? ""))).length;
  }

  /** Rules are asked in the order they were added; the first that befalls a request is the one. */
  inject(rule: FaultRule): ActiveFault {
    const counter = new RuleCounter(rule);
    this.#rules.add(counter);
    return {
      get hits() {
        return counter.hits;
      },
      remove: () => this.#rules.delete(counter),
    };
  }

  /** Undefined ends the faults at random. */
  harmAtRandom(background: BackgroundFaults | undefined): void {
    this.#background = background;
  }

  /** Breaks every connection and refuses new ones (ECONNREFUSED) until `accept`. */
  async refuse(): Promise<void> {
    const aside = `${this.socketPath}.aside`;
    // Node removes the path it listens on; the file has to stay for "refused" instead of "not found".
    await rename(this.socketPath, aside);
    await this.#closeServer();
    await rename(aside, this.socketPath);
  }

  async accept(): Promise<void> {
    await rm(this.socketPath, { force: true });
    this.#server = this.#createServer();
    await listen(this.#server, this.socketPath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#closeServer();
    await rm(this.socketPath, { force: true });
  }

  #createServer(): Server {
    const server = createServer({ keepAlive: true, requestTimeout: 0, headersTimeout: 0 });
    server.on("connection", (socket) => this.#own(socket));
    server.on("request", (incoming, outgoing) => void this.#serve(incoming, outgoing));
    server.on("upgrade", (incoming, socket, head) => void this.#serveUpgrade(incoming, socket, head));
    return server;
  }

  async #closeServer(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #own(socket: Duplex): void {
    this.#sockets.add(socket);
    // A connection that breaks is this proxy's daily business.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** The fault that befalls a request; undefined lets it pass. */
  #draw(incoming: IncomingMessage): Fault | undefined {
    const request: SeenRequest = { method: incoming.method ?? "", path: toEndpointPath(incoming.url ?? "") };
    const byRule = [...this.#rules].find((counter) => counter.befalls(request))?.rule.fault;
    const fault = byRule ?? this.#drawAtRandom();
    if (fault !== undefined) this.#counts.set(fault.kind, (this.#counts.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  #drawAtRandom(): Fault | undefined {
    if (this.#background === undefined) return undefined;
    const { probability, faults, random } = this.#background;
    return random.chance(probability) ? random.pick(faults) : undefined;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    this.#unanswered.add(outgoing);
    outgoing.once("close", () => this.#unanswered.delete(outgoing));
    const fault = this.#draw(incoming);
    if (fault !== undefined && this.#answersAlone(fault, incoming, outgoing)) return;
    await this.#pauseFor(fault);
    if (incoming.destroyed && !incoming.complete) return;
    const upstream = httpRequest({
      socketPath: this.#upstreamPath,
      agent: false,
      method: incoming.method,
      path: incoming.url,
      headers: withoutHopHeaders(incoming.rawHeaders),
    });
    // Of a caller who left during a delay nothing else would end it.
    upstream.once("socket", (socket) => this.#own(socket));
    upstream.on("error", () => incoming.socket.destroy());
    upstream.once("response", (answer) => void relayAnswer(answer, outgoing, fault));
    // The caller hung up: Podman must see that too, or a wait would stay open there.
    outgoing.once("close", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  /** True when the fault needs no Podman. */
  #answersAlone(fault: Fault, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    if (fault.kind === "dropped") incoming.socket.destroy();
    else if (fault.kind === "made-up") outgoing.writeHead(fault.status, { "Content-Type": "application/json" }).end(fault.body);
    else return fault.kind === "hang";
    return true;
  }

  async #serveUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const fault = this.#draw(incoming);
    if (fault?.kind === "dropped") return void socket.destroy();
    if (fault?.kind === "made-up") {
      return void socket.end(
        `HTTP/1.1 ${fault.status} Made Up\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${fault.body}`,
      );
    }
    if (fault?.kind === "hang") return;
    await this.#pauseFor(fault);
    const upstream: Socket = createConnection({ path: this.#upstreamPath, allowHalfOpen: true });
    this.#own(upstream);
    relayUpgrade({ incoming, head, client: socket, upstream, fault });
  }

  async #pauseFor(fault: Fault | undefined): Promise<void> {
    const { signal } = this.#ending;
    if (fault?.kind === "delay") await sleep(fault.delayMs, undefined, { signal }).catch(() => undefined);
    if (fault?.kind === "held" && !signal.aborted) await Promise.race([fault.until, once(signal, "abort")]);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** `/v4.0.0/libpod/containers/create?name=x` to `/containers/create`. */
function toEndpointPath(url: string): string {
  return (url.split("?")[0] ?? "").replace(/^\/v[0-9.]+\/libpod/, "");
}

/** Headers that speak of one connection only; the two sides have each their own. */
function withoutHopHeaders(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = [rawHeaders[at], rawHeaders[at + 1]];
    if (!/^(connection|keep-alive|transfer-encoding)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}

async function relayAnswer(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): Promise<void> {
  const status = answer.statusCode ?? 502;
  const breakOff = (): void => void outgoing.socket?.destroy();
  answer.on("error", breakOff);
  answer.once("aborted", breakOff);
  switch (fault?.kind) {
    case "lost-answer":
      return breakOff();
    case "empty-body":
      return void outgoing.writeHead(status, { "Content-Length": 0 }).end();
    case "half-body":
    case "cut-body":
      return relayHalf(answer, outgoing, fault.kind);
    default:
      outgoing.writeHead(status, withoutHopHeaders(answer.rawHeaders));
      outgoing.flushHeaders();
      answer.pipe(outgoing);
  }
}

/** Half of the body, declared as all of it or broken off. What streams (events, a pull) is halved at its first piece. */
function relayHalf(answer: IncomingMessage, outgoing: ServerResponse, kind: "half-body" | "cut-body"): void {
  const chunks: Buffer[] = [];
  let isSettled = false;
  const settle = (): void => {
    if (isSettled) return;
    isSettled = true;
    const body = Buffer.concat(chunks);
    const half = body.subarray(0, Math.floor(body.length / 2));
    outgoing.writeHead(answer.statusCode ?? 502, {
      "Content-Type": "application/json",
      "Content-Length": kind === "half-body" ? half.length : body.length + 1,
    });
    if (kind === "half-body") outgoing.end(half);
    else outgoing.write(half, () => outgoing.socket?.destroy());
    answer.destroy();
  };
  const isStream = answer.headers["content-length"] === undefined;
  answer.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (isStream) settle();
  });
  answer.once("end", settle);
}
