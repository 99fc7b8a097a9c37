import { DriverError } from "@driver/nomad-plugin";
import { messageOf, trustHostAuthorities } from "@driver/std";
import type { ArchiveContent } from "./archive-content.ts";
import { toShownUrl } from "../config/image-reference.ts";

export interface DownloadOptions {
  readonly activityTimeoutMs: number;
  /** Asked of each address that a server sends the download on to, whole and without its query. */
  readonly mayFetch: (url: string) => boolean;
  /** The content that is there already, as an ETag; undefined: none. */
  readonly version?: string | undefined;
}

/** As many as browsers and `fetch` follow. */
const mostRedirects = 20;

/**
 * Opens an archive at an http or https address. Rejects, as does the reading, with a `DriverError` when it is not there, breaks off,
 * does not go on for `activityTimeoutMs`, or is sent on to where nothing may be fetched from. Undefined: it still is `version`.
 */
export async function download(
  url: string,
  { activityTimeoutMs, mayFetch, version }: DownloadOptions,
  signal: AbortSignal,
): Promise<ArchiveContent | undefined> {
  const shown = toShownUrl(url);
  const silence = new Silence(shown, activityTimeoutMs);
  const stop = AbortSignal.any([signal, silence.signal]);
  try {
    const answer = await fetchAllowed(url, { shown, mayFetch, version }, stop);
    if (answer.status === 304 && version !== undefined) {
      silence.pause();
      return undefined;
    }
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      const recoverable = answer.status >= 500 || answer.status === 429;
      throw new DriverError("failed", `image archive ${shown}: the server answered ${answer.status} ${answer.statusText}`, { recoverable });
    }
    return {
      sizeBytes: Number(answer.headers.get("content-length") ?? 0),
      version: answer.headers.get("etag") ?? undefined,
      chunks: readBody(answer.body, { shown, silence, signal }),
    };
  } catch (error) {
    silence.pause();
    throw toFailure(error, { shown, silence, signal });
  }
}

interface Allowed {
  readonly shown: string;
  readonly mayFetch: (url: string) => boolean;
  readonly version: string | undefined;
}

/** The answer behind all redirects. An operator allows addresses, and one of them could send to any other. */
async function fetchAllowed(url: string, { shown, mayFetch, version }: Allowed, signal: AbortSignal): Promise<Response> {
  let place = url;
  const headers = { "Accept-Encoding": "identity", ...(version !== undefined && { "If-None-Match": version }) };
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    if (place.startsWith("https:")) trustHostAuthorities();
    const answer = await fetch(place, { signal, redirect: "manual", headers });
    const location = [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers.get("location") : null;
    if (location === null) return answer;
    await answer.body?.cancel();
    const next = URL.canParse(location, place) ? new URL(location, place) : undefined;
    const sent = `image archive ${shown}: the server sends to ${toShownUrl(next?.href ?? location)}`;
    if (next === undefined || !/^https?:$/.test(next.protocol) || next.username !== "" || next.password !== "") {
      throw new DriverError("failed", `${sent}, which is no http address without a user name`);
    }
    if (!mayFetch(toShownUrl(next.href))) {
      const remedy = "the client's operator can allow it with allow_image_urls in the plugin's config";
      throw new DriverError("unsupported", `${sent}, which images may not be fetched from on this client; ${remedy}`);
    }
    place = next.href;
  }
  throw new DriverError("failed", `image archive ${shown}: the server sends on more than ${mostRedirects} times`);
}

interface Download {
  readonly shown: string;
  readonly silence: Silence;
  readonly signal: AbortSignal;
}

async function* readBody(body: AsyncIterable<Uint8Array>, own: Download): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) {
      own.silence.pause();
      yield chunk;
      own.silence.restart();
    }
  } catch (error) {
    throw toFailure(error, own);
  } finally {
    own.silence.pause();
  }
}

function toFailure(error: unknown, { shown, silence, signal }: Download): unknown {
  signal.throwIfAborted();
  if (silence.signal.aborted) return silence.signal.reason;
  if (error instanceof DriverError) return error;
  // fetch says why in the cause alone.
  const reason = messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error);
  return new DriverError("failed", `image archive ${shown}: ${reason}`, { recoverable: true, cause: error });
}

/** Ends a download in which nothing comes. Does not count while the other side takes its time. */
class Silence {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  readonly #shown: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(shown: string, limitMs: number) {
    this.#shown = shown;
    this.#limitMs = limitMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    this.pause();
    if (Number.isFinite(this.#limitMs)) this.#timer = setTimeout(() => this.#stop(), this.#limitMs);
  }

  /** Until it is restarted, if ever. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  #stop(): void {
    const text = `image archive ${this.#shown}: nothing has come for ${this.#limitMs / 1000} s (pull_activity_timeout)`;
    this.#controller.abort(new DriverError("failed", text, { recoverable: true }));
  }
}
