import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { trustHostAuthorities } from "@driver/std";

const longestRedirection = 10;

export interface HttpQuestion {
  /** Default: GET. */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Undefined: there is none. */
  readonly body?: string | undefined;
  /** True: certificates are not looked at. */
  readonly isInsecure: boolean;
  /** The name that the server's certificate must have; undefined or empty: that of the address. */
  readonly tlsServerName?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * What an address answers, over up to 10 redirections, which are followed as Go's client does. Its body is the caller's to read or
 * to destroy. Rejects with what hindered it, or with the signal's reason.
 */
export async function askHttp(url: URL, question: HttpQuestion): Promise<IncomingMessage> {
  let [at, asked] = [url, question];
  for (let step = 0; step <= longestRedirection; step += 1) {
    const response = await ask(at, asked);
    const { statusCode = 0, headers } = response;
    if (headers.location === undefined || !isFollowed(statusCode, asked)) return response;
    response.destroy();
    const target = new URL(headers.location, at);
    if (target.protocol !== "http:" && target.protocol !== "https:") throw new Error(`the server leads on to ${target.protocol}`);
    asked = redirect(asked, { statusCode, isOtherHost: target.host !== at.host });
    at = target;
  }
  throw new Error(`the server leads on more than ${longestRedirection} times`);
}

/** A body is sent once. */
function isFollowed(statusCode: number, { body }: HttpQuestion): boolean {
  return [301, 302, 303].includes(statusCode) || ([307, 308].includes(statusCode) && body === undefined);
}

function redirect(
  { body, ...asked }: HttpQuestion,
  { statusCode, isOtherHost }: { readonly statusCode: number; readonly isOtherHost: boolean },
): HttpQuestion {
  const { method = "GET" } = asked;
  const keepsMethod = method === "HEAD" || statusCode === 307 || statusCode === 308;
  const headers = isOtherHost ? withoutSecrets(asked.headers) : asked.headers;
  return { ...asked, headers, method: keepsMethod ? method : "GET", ...(keepsMethod && body !== undefined ? { body } : {}) };
}

/** Another host is not told what was meant for this one (`go`: net/http). */
function withoutSecrets(headers: HttpQuestion["headers"]): HttpQuestion["headers"] {
  const secret = /^(?:authorization|cookie2?|host|www-authenticate)$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secret.test(name)));
}

function ask(url: URL, { method = "GET", headers, body, isInsecure, tlsServerName = "", signal }: HttpQuestion): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const names = tlsServerName === "" ? {} : { servername: tlsServerName };
  // A connection that is kept would outlive the question.
  const options = { method, headers: toNodeHeaders(headers), signal, rejectUnauthorized: !isInsecure, agent: false, ...names } as const;
  if (url.protocol === "https:") trustHostAuthorities();
  const call = url.protocol === "https:" ? requestHttps(url, options) : requestHttp(url, options);
  call.on("response", resolve).on("error", (error) => reject(signal.aborted ? signal.reason : error));
  call.end(body === "" ? undefined : body);
  return promise;
}

/** Some headers, as Host, may not be lists. */
function toNodeHeaders(headers: HttpQuestion["headers"]): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      const [first = "", ...rest] = value;
      return [name, rest.length === 0 ? first : [...value]];
    }),
  );
}
