import { Agent, request as httpRequest, type AgentOptions, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { CallScope } from "./call-scope.ts";
import { isStaleConnectionError, toTlsFileError } from "./answer-error.ts";
import { HttpAnswer, toExchangeFailure, type Exchange } from "./http-answer.ts";
import { toTarget, type HttpRequest } from "./http-request.ts";
import { describePlace, toConnectOptions, type ServicePlace, type TlsFiles } from "./service-place.ts";

/** So many short reads at once have a connection each; more of them wait for one. */
const maxPooledSockets = 64;
const maxIdleSockets = 4;
/** For the next call of who has just been answered, such as the start behind a create. */
const briefMs = 100;
/** From when on the kernel asks whether the other machine is still there. */
const keepAliveMs = 15_000;

/** A connection that no longer speaks HTTP. */
export interface TakenConnection {
  readonly socket: Socket;
  readonly exchange: Exchange;
}

/** An answer whose connection stays open, idle, and tells when the other side lets go of it. */
export interface HeldConnection {
  readonly answer: HttpAnswer;
  /** Settles when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/**
 * HTTP with one service. Only short GETs share kept connections: everything else may run for minutes and would
 * starve them, and a POST sent on a kept connection that Podman is just closing may or may not have run. Only those that say so take a
 * connection that Podman has answered on a moment ago, when none is closed for being idle.
 */
export class PodmanHttp {
  readonly #place: ServicePlace;
  readonly #pooled: Agent;
  readonly #single: Agent;
  /** For calls that follow one another. */
  readonly #brief: Agent;

  constructor(place: ServicePlace) {
    this.#place = place;
    this.#pooled = this.#makeAgent({ keepAlive: true, maxSockets: maxPooledSockets, maxFreeSockets: maxIdleSockets });
    this.#single = this.#makeAgent({ keepAlive: false });
    this.#brief = "remote" in place ? this.#single : new BriefAgent({ keepAlive: true, maxFreeSockets: maxPooledSockets });
  }

  /** Sends a short GET on a kept connection; settles with the head of the answer. */
  async read(request: HttpRequest, scope: CallScope): Promise<HttpAnswer> {
    try {
      return await this.#exchange(request, scope, this.#pooled, true);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return await this.send(request, scope);
    }
  }

  /** Sends any request on a connection that is its own until the answer's end; settles with the head of the answer. */
  async send(request: HttpRequest, scope: CallScope): Promise<HttpAnswer> {
    return await this.#exchange(request, scope, this.#single);
  }

  /** The same, on the connection of a call like this that was answered a moment ago, where there is one. */
  async sendInTurn(request: HttpRequest, scope: CallScope): Promise<HttpAnswer> {
    return await this.#exchange(request, scope, this.#brief);
  }

  /** Sends a GET on a connection that nothing else uses, and that is kept until the other side or the scope ends it. */
  async hold(request: HttpRequest, scope: CallScope): Promise<HeldConnection> {
    const agent = this.#makeAgent({ keepAlive: true, maxSockets: 1 });
    const { sent, exchange } = this.#open(request, scope, agent);
    // Before and after the request the connection is the agent's alone.
    scope.signal.addEventListener("abort", () => agent.destroy(), { once: true });
    const ended = new Promise<void>((resolve) => sent.once("socket", (socket) => socket.once("close", resolve)));
    const message = await settleRequest<IncomingMessage>(sent, exchange, (resolve) => sent.once("response", resolve));
    return { answer: new HttpAnswer(message, exchange), ended };
  }

  /** Asks to take the connection over; settles with it, or with the answer that refuses. */
  async upgrade(request: HttpRequest, scope: CallScope): Promise<TakenConnection | HttpAnswer> {
    const { sent, exchange } = this.#open(
      { ...request, headers: { ...request.headers, Connection: "Upgrade", Upgrade: "tcp" } },
      scope,
      this.#single,
    );
    return await settleRequest<TakenConnection | HttpAnswer>(sent, exchange, (resolve) => {
      sent.once("response", (message) => resolve(new HttpAnswer(message, exchange)));
      sent.once("upgrade", (_message, socket: Socket, head) => {
        // The first output may have come in one packet with the 101.
        if (head.length > 0) socket.unshift(head);
        resolve({ socket, exchange });
      });
    });
  }

  /** Keeps no connection that is idle from now on; everything else works as before. */
  retire(): void {
    this.#pooled.maxFreeSockets = 0;
    for (const idle of Object.values(this.#pooled.freeSockets)) for (const socket of idle ?? []) socket.destroy();
  }

  /** Drops the idle connections; open calls are ended by their scopes. */
  close(): void {
    this.#pooled.destroy();
    this.#single.destroy();
    this.#brief.destroy();
  }

  /** @param isRepeated where the connection was closed before: a StaleConnection tells so */
  async #exchange(request: HttpRequest, scope: CallScope, agent: Agent, isRepeated = false): Promise<HttpAnswer> {
    const { sent, exchange } = this.#open(request, scope, agent);
    const listen = (resolve: (message: IncomingMessage) => void): void => void sent.once("response", resolve);
    const message = await settleRequest<IncomingMessage>(sent, { ...exchange, isRepeated }, listen);
    return new HttpAnswer(message, exchange);
  }

  #open(request: HttpRequest, scope: CallScope, agent: Agent): { sent: ClientRequest; exchange: OpenExchange } {
    scope.signal.throwIfAborted();
    const bodyHeaders =
      request.body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(request.body) };
    const place = this.#place;
    const exchange: OpenExchange = { request, scope, place: describePlace(place), tls: "remote" in place ? place.remote.tls : undefined };
    const isRemote = "remote" in this.#place;
    const sent = (isRemote ? httpsRequest : httpRequest)({
      ...this.#connectOptions(exchange),
      agent,
      method: request.method,
      path: toTarget(request),
      headers: { Host: "podman", ...bodyHeaders, ...request.headers },
    });
    if (isRemote) sent.once("socket", (socket) => socket.setKeepAlive(true, keepAliveMs));
    if (request.upload === undefined) sent.end(request.body);
    else sendUpload(request.upload, sent);
    return { sent, exchange };
  }

  #connectOptions(exchange: Exchange): ReturnType<typeof toConnectOptions> {
    try {
      return toConnectOptions(this.#place);
    } catch (error) {
      throw toTlsFileError(error, exchange.request, exchange.place);
    }
  }

  #makeAgent(options: AgentOptions): Agent {
    return "remote" in this.#place ? new TlsAgent(options) : new Agent(options);
  }
}

/** What breaks the upload breaks the request, and is its failure; an answer that came before is the answer all the same. */
function sendUpload(upload: AsyncIterable<Uint8Array>, sent: ClientRequest): void {
  const source = Readable.from(upload, { objectMode: false });
  source.once("error", (error) => sent.destroy(error));
  // The caller left, or Podman has answered and closed: nobody reads on, and the source is let go.
  sent.once("close", () => source.destroy());
  source.pipe(sent);
}

/** A kept connection was closed by Podman before the request reached it; seen inside this file only. */
class StaleConnection extends Error {}

/** Keeps a connection only for a call that follows at once. */
class BriefAgent extends Agent {
  override keepSocketAlive(socket: Socket): boolean {
    // Node's types do not tell that it says false where the service closes it at once.
    const isKept: unknown = super.keepSocketAlive(socket);
    if (isKept === false) return false;
    socket.setTimeout(briefMs, endIdle);
    return true;
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    socket.setTimeout(0, endIdle);
    super.reuseSocket(socket, request);
  }
}

function endIdle(this: Socket): void {
  this.destroy();
}

interface OpenExchange extends Exchange {
  /** How the service is reached by TLS; undefined: by a unix socket. */
  readonly tls: TlsFiles | undefined;
  /** True: whoever sent it sends it again where Podman has closed the kept connection. */
  readonly isRepeated?: boolean | undefined;
}

async function settleRequest<T>(sent: ClientRequest, exchange: OpenExchange, listen: (resolve: (value: T) => void) => void): Promise<T> {
  const { signal } = exchange.scope;
  return await new Promise<T>((resolve, reject) => {
    // Stays for the request's life: once the head is there, errors come out of the body instead.
    sent.on("error", (error) => {
      const stale = exchange.isRepeated === true && sent.reusedSocket && !signal.aborted && isStaleConnectionError(error);
      reject(stale ? new StaleConnection() : toExchangeFailure(error, exchange, exchange.tls));
    });
    signal.addEventListener("abort", () => sent.destroy(), { once: true });
    listen(resolve);
  });
}
