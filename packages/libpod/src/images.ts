import { toBadAnswer, toReportedError } from "./answer-error.ts";
import type { CallTimeouts } from "./call-timeouts.ts";
import type { HttpRequest } from "./http-request.ts";
import { decodeImageInspect, decodeImageList, type ImageInspect, type ImageListEntry } from "./image-inspect.ts";
import { JsonReader } from "./json-reader.ts";
import { parseAnswer, decodeAnswer, type PodmanCaller } from "./podman-caller.ts";

export type PullPolicy = "always" | "missing" | "newer" | "never";

/** Name and password, or a token that stands for both. */
export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

export interface PullRequest {
  readonly reference: string;
  /** Default "always". Podman 3.4 and later. */
  readonly policy?: PullPolicy | undefined;
  /** Default: as the engine's registries.conf says. */
  readonly tlsVerify?: boolean | undefined;
  readonly os?: string | undefined;
  readonly arch?: string | undefined;
  readonly variant?: string | undefined;
  /** Default: the engine's own auth file. */
  readonly credentials?: RegistryCredentials | undefined;
}

/** `text` is one line of Podman's own words, without its newline. */
export type PullUpdate = { readonly kind: "progress"; readonly text: string } | { readonly kind: "done"; readonly id: string };

/** The image endpoints. Every call rejects with a LibpodError or the signal's reason. */
export class Images {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /** Undefined when Podman has no such image. */
  async inspect(reference: string, signal: AbortSignal): Promise<ImageInspect | undefined> {
    const request: HttpRequest = { action: `inspect image ${reference}`, method: "GET", path: ["images", reference, "json"] };
    return await this.#caller.unlessMissing(this.#caller.callJson(request, decodeImageInspect, { deadlineMs: this.#timeouts.quickMs, signal }));
  }

  async exists(reference: string, signal: AbortSignal): Promise<boolean> {
    const request: HttpRequest = { action: `look for image ${reference}`, method: "GET", path: ["images", reference, "exists"] };
    const found = await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal }));
    return found !== undefined;
  }

  async list(signal: AbortSignal): Promise<readonly ImageListEntry[]> {
    const request: HttpRequest = { action: "list images", method: "GET", path: ["images", "json"] };
    return await this.#caller.callJson(request, decodeImageList, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /**
   * Pulls while it is iterated: progress lines, then one "done" as the last item. Podman reports failures after a 200;
   * they reject as `engine-error` with its text. Leaving the loop or aborting closes the connection.
   */
  async *pull(pull: PullRequest, signal: AbortSignal): AsyncGenerator<PullUpdate, void, undefined> {
    const request = toPullHttpRequest(pull);
    let id = "";
    for await (const value of this.#caller.streamJson(request, { deadlineMs: this.#timeouts.pullIdleMs, signal })) {
      const line = decodeAnswer(value, decodePullLine, request);
      if (line.error !== undefined) throw toReportedError(line.error, request);
      if (line.id !== "") id = line.id;
      if (line.text !== "") yield { kind: "progress", text: line.text };
    }
    if (id === "") throw toBadAnswer("the pull ended without an image id", request);
    yield { kind: "done", id };
  }

  /** Removes one name, and the image with its last name. Never by force: a used image is `conflict`. False when there is no such image. */
  async remove(reference: string, signal: AbortSignal): Promise<boolean> {
    const request: HttpRequest = { action: `remove image ${reference}`, method: "DELETE", path: ["images", reference], query: { force: false } };
    const answer = await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.removeMs, signal }));
    if (answer === undefined) return false;
    const errors = decodeAnswer(parseAnswer(answer.text, request), (value) => new JsonReader(value, "removal report").list("Errors"), request);
    const [first] = errors;
    if (first !== undefined && first !== null) throw toReportedError(typeof first === "string" ? first : "", request);
    return true;
  }
}

function toPullHttpRequest(pull: PullRequest): HttpRequest {
  return {
    action: `pull image ${pull.reference}`,
    method: "POST",
    path: ["images", "pull"],
    query: {
      reference: pull.reference,
      policy: pull.policy,
      tlsVerify: pull.tlsVerify,
      OS: pull.os,
      Arch: pull.arch,
      Variant: pull.variant,
    },
    headers: pull.credentials === undefined ? undefined : { "X-Registry-Auth": encodeCredentials(pull.credentials) },
  };
}

function encodeCredentials(credentials: RegistryCredentials): string {
  const members = "identityToken" in credentials ? { identitytoken: credentials.identityToken } : { username: credentials.username, password: credentials.password };
  return Buffer.from(JSON.stringify(members)).toString("base64url");
}

interface PullLine {
  readonly text: string;
  readonly id: string;
  readonly error: string | undefined;
}

function decodePullLine(value: unknown): PullLine {
  const reader = new JsonReader(value, "pull line");
  return {
    text: reader.string("stream").trimEnd(),
    id: reader.string("id"),
    error: reader.has("error") ? reader.string("error") : undefined,
  };
}
