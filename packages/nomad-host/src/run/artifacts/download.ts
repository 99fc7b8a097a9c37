import { createWriteStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { pipeline } from "node:stream/promises";

/** As long as Nomad waits for a download, and as much as it takes. */
const timeLimitMs = 30 * 60_000;
const longestRedirection = 10;

export interface DownloadOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly isInsecure: boolean;
  readonly signal: AbortSignal;
}

/** Writes what an address answers to a new file. Rejects with the server's answer, or with the signal's reason. */
export async function download(url: URL, path: string, options: DownloadOptions): Promise<void> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeLimitMs)]);
  let [at, headers] = [url, options.headers];
  for (let step = 0; step <= longestRedirection; step += 1) {
    const response = await ask(at, { ...options, headers, signal });
    const { statusCode = 0, statusMessage = "" } = response;
    const next = isRedirection(statusCode) ? response.headers.location : undefined;
    if (next === undefined && statusCode === 200) return pipeline(response, createWriteStream(path, { flags: "wx" }), { signal });
    response.destroy();
    if (next === undefined) throw new Error(`the server answered ${statusCode} ${statusMessage}`.trimEnd());
    const target = new URL(next, at);
    if (target.protocol !== "http:" && target.protocol !== "https:") throw new Error(`the server leads on to ${target.protocol}`);
    if (target.host !== at.host) headers = withoutSecrets(headers);
    at = target;
  }
  throw new Error(`the server leads on more than ${longestRedirection} times`);
}

function isRedirection(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** Another host is not told what was meant for this one (`go`: net/http). */
function withoutSecrets(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(?:authorization|cookie2?|www-authenticate)$/i.test(name)));
}

function ask(url: URL, { headers, isInsecure, signal }: DownloadOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { headers, signal, rejectUnauthorized: !isInsecure };
  const call = url.protocol === "https:" ? requestHttps(url, options) : requestHttp(url, options);
  call.on("response", resolve).on("error", reject).end();
  return promise;
}
