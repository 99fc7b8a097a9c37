import { findErrorInside, toAnswerError, toBadAnswer } from "./answer-error.ts";
import { CallScopes, type CallScope } from "./call-scope.ts";
import { HttpAnswer } from "./http-answer.ts";
import { toEndpoint, type HttpRequest } from "./http-request.ts";
import { LineTooLongError, splitLines } from "./json-lines.ts";
import { JsonShapeError } from "./json-reader.ts";
import { LibpodError } from "./libpod-error.ts";
import { PodmanHttp, type TakenConnection } from "./podman-http.ts";
import type { ServicePlace } from "./service-place.ts";

export interface CallOptions {
  /** Absent: no deadline of its own. */
  readonly deadlineMs?: number | undefined;
  /** True: not on a kept connection, which may lead to a service that nobody else can reach any more. */
  readonly isAlone?: boolean | undefined;
  /**
   * True: it may take the connection of another such call that was answered a moment ago. For callers who, when it is lost with the
   * connection, look whether it has happened.
   */
  readonly isInTurn?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** The answer to a whole call; `text` is its body. */
export interface CallAnswer {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string;
}

/** Makes calls: opens a scope for each, turns failure statuses into errors, decodes bodies. */
export class PodmanCaller {
  readonly #http: PodmanHttp;
  readonly #scopes = new CallScopes();

  constructor(place: ServicePlace) {
    this.#http = new PodmanHttp(place);
  }

  /** A whole call; a status of 400 and above is an error. GETs share connections. */
  async call(request: HttpRequest, options: CallOptions): Promise<CallAnswer> {
    return refuseFailure(await this.exchange(request, options), request);
  }

  /** A whole call, whatever its status. */
  async exchange(request: HttpRequest, options: CallOptions): Promise<CallAnswer> {
    const scope = this.#openScope(request, options);
    try {
      return await readAnswer(await this.#send(request, scope, options));
    } finally {
      scope.close();
    }
  }

  #send(request: HttpRequest, scope: CallScope, { isAlone, isInTurn }: CallOptions): Promise<HttpAnswer> {
    if (request.method === "GET" && isAlone !== true) return this.#http.read(request, scope);
    return isInTurn === true ? this.#http.sendInTurn(request, scope) : this.#http.send(request, scope);
  }

  /**
   * A whole GET on a connection of its own, which is kept idle then. Settles with the answer; `ended` when the connection has
   * ended, which the signal and `close` cause too.
   */
  async hold(request: HttpRequest, options: CallOptions): Promise<CallAnswer & { readonly ended: Promise<void> }> {
    const scope = this.#openScope(request, options);
    try {
      const { answer, ended } = await this.#http.hold(request, scope);
      const read = refuseFailure(await readAnswer(answer), request);
      scope.stopDeadline();
      return { ...read, ended: ended.then(() => scope.close()) };
    } catch (error) {
      // Nothing is held, so nothing is left open.
      scope.abort(error);
      scope.close();
      throw error;
    }
  }

  /** A whole call whose JSON body goes through `decode`. */
  async callJson<T>(request: HttpRequest, decode: (value: unknown) => T, options: CallOptions): Promise<T> {
    const { text } = await this.call(request, options);
    return decodeAnswer(parseAnswer(text, request), decode, request);
  }

  /** The result of `call`, or undefined when Podman says that the object does not exist. */
  async unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof LibpodError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  /** The body of an answer while it comes. The deadline is one of silence: it runs only while a piece is awaited. */
  async *stream(request: HttpRequest, options: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const scope = this.#openScope(request, options);
    try {
      const answer = await this.#http.send(request, scope);
      if (answer.status >= 400) throw toAnswerError({ status: answer.status, body: await answer.text() }, request);
      for await (const chunk of answer.chunks()) {
        scope.stopDeadline();
        yield chunk;
        scope.restartDeadline();
      }
    } finally {
      scope.close();
    }
  }

  /** The JSON values of an answer with one on each line. An error object of Podman's among them is thrown. */
  async *streamJson(request: HttpRequest, options: CallOptions): AsyncGenerator<unknown, void, undefined> {
    try {
      for await (const line of splitLines(this.stream(request, options))) yield parseAnswer(line, request);
    } catch (error) {
      throw error instanceof LineTooLongError ? toBadAnswer(error.message, request, error) : error;
    }
  }

  /** Takes a connection over. The deadline ends with the switch; from then on the connection's owner closes the scope. */
  async upgrade(request: HttpRequest, options: CallOptions): Promise<TakenConnection> {
    const scope = this.#openScope(request, options);
    try {
      const taken = await this.#http.upgrade(request, scope);
      if (!(taken instanceof HttpAnswer)) {
        scope.stopDeadline();
        return taken;
      }
      refuseFailure(await readAnswer(taken), request);
      throw toBadAnswer(`status ${taken.status} instead of 101`, request);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  /** Keeps no idle connection any more. */
  retire(): void {
    this.#http.retire();
  }

  /** Aborts every open call and stream with `closed`, and drops all connections. */
  close(): void {
    this.#scopes.close();
    this.#http.close();
  }

  #openScope(request: HttpRequest, options: CallOptions): CallScope {
    return this.#scopes.open({ action: request.action, endpoint: toEndpoint(request), ...options });
  }
}

function refuseFailure(answer: CallAnswer, request: HttpRequest): CallAnswer {
  if (answer.status >= 400) throw toAnswerError({ status: answer.status, body: answer.text }, request);
  return answer;
}

async function readAnswer(answer: HttpAnswer): Promise<CallAnswer> {
  const text = await answer.text();
  const header = (name: string): string => {
    const value = answer.headers[name];
    return typeof value === "string" ? value : "";
  };
  return { status: answer.status, text, header };
}

/** The JSON in the body of a success; Podman's error object in it is thrown. */
export function parseAnswer(text: string, request: HttpRequest): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw toBadAnswer(text.trim() === "" ? "the body is empty" : `no JSON: ${text.slice(0, 200)}`, request, cause);
  }
  const inside = findErrorInside(value, request);
  if (inside !== undefined) throw inside;
  return value;
}

/** `decode` with its shape errors turned into `bad-answer`. */
export function decodeAnswer<T>(value: unknown, decode: (value: unknown) => T, request: HttpRequest): T {
  try {
    return decode(value);
  } catch (error) {
    if (error instanceof JsonShapeError) throw toBadAnswer(error.message, request, error);
    throw error;
  }
}
