import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import { askHttp } from "../http/ask-http.ts";

/** As long as Nomad waits for a download, and as much as it takes. */
const timeLimitMs = 30 * 60_000;

export interface DownloadOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly isInsecure: boolean;
  readonly signal: AbortSignal;
}

/** Writes what an address answers to a new file. Rejects with the server's answer, or with the signal's reason. */
export async function download(url: URL, path: string, options: DownloadOptions): Promise<void> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeLimitMs)]);
  const response = await askHttp(url, { ...options, signal });
  const { statusCode = 0, statusMessage = "" } = response;
  if (statusCode === 200) return pipeline(response, createWriteStream(path, { flags: "wx" }), { signal });
  response.destroy();
  throw new Error(`the server answered ${statusCode} ${statusMessage}`.trimEnd());
}
