import { toBadAnswer, toReportedError } from "./answer-error.ts";
import type { CallTimeouts } from "./call-timeouts.ts";
import type { HttpRequest } from "./http-request.ts";
import { decodeImageInspect, decodeImageList, type ImageInspect, type ImageListEntry } from "./image-inspect.ts";
import { JsonReader } from "./json-reader.ts";
import { decodeAnswer, type PodmanCaller } from "./podman-caller.ts";

export type PullPolicy = "always" | "missing" | "newer" | "never";

/** Name and password, or a token that stands for both at registries which hand out tokens; both where it is not known which. */
export interface RegistryLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly identityToken?: string | undefined;
}

/**
 * For whichever registry the reference comes to, or for those named, as `host[:port]` or `host[:port]/path`. For a registry that is
 * not named nothing is sent then, nor does Podman look into its own auth file.
 */
export type RegistryCredentials =
  { readonly anyRegistry: RegistryLogin } | { readonly byRegistry: Readonly<Record<string, RegistryLogin>> };

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

/**
 * `text` is one line of Podman's own words, without its newline; `blob` is how far a blob is, which Podman tells from 6.0 on.
 */
export type PullUpdate =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "blob"; readonly digest: string; readonly currentBytes: number; readonly totalBytes: number }
  | { readonly kind: "done"; readonly id: string };

/** A name that an image has in the store. */
export interface ImageName {
  /** With its registry: `docker.io/library/redis`. */
  readonly repository: string;
  readonly tag: string;
}

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
    return await this.#caller.unlessMissing(
      this.#caller.callJson(request, decodeImageInspect, { deadlineMs: this.#timeouts.quickMs, signal }),
    );
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
   * they reject as `engine-error` with its text. Leaving the loop or aborting closes the connection, and ends the pull. Has no
   * deadline of its own: Podman is silent while it downloads, however long that takes.
   */
  async *pull(pull: PullRequest, signal: AbortSignal): AsyncGenerator<PullUpdate, void, undefined> {
    const request = toPullHttpRequest(pull);
    let id = "";
    for await (const value of this.#caller.streamJson(request, { signal })) {
      const line = decodeAnswer(value, decodePullLine, request);
      if (line.error !== undefined) throw toReportedError(line.error, request);
      if (line.id !== "") id = line.id;
      if (line.blob !== undefined) yield line.blob;
      else if (line.text !== "") yield { kind: "progress", text: line.text };
    }
    if (id === "") throw toBadAnswer("the pull ended without an image id", request);
    yield { kind: "done", id };
  }

  /**
   * Stores the images of a docker-archive or oci-archive and gives their names; `sha256:<id>` for one without. Has no deadline of its
   * own. What `archive` throws is the rejection's cause.
   */
  async load(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<readonly string[]> {
    const request: HttpRequest = { action: "load image", method: "POST", path: ["images", "load"], upload: archive };
    return await this.#caller.callJson(request, decodeLoadedNames, { signal });
  }

  /** Gives an image a further name, `repository:tag`; one that another image has moves. */
  async tag(reference: string, name: ImageName, signal: AbortSignal): Promise<void> {
    const request: HttpRequest = {
      action: `tag image ${reference}`,
      method: "POST",
      path: ["images", reference, "tag"],
      query: { repo: name.repository, tag: name.tag },
    };
    await this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /** Takes a name off an image, which stays even without a name. False when there is no such image. */
  async untag(reference: string, name: ImageName, signal: AbortSignal): Promise<boolean> {
    const request: HttpRequest = {
      action: `untag image ${reference}`,
      method: "POST",
      path: ["images", reference, "untag"],
      query: { repo: name.repository, tag: name.tag },
    };
    return (await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal }))) !== undefined;
  }

  /**
   * Takes off these names, one after the other, and removes the image whose last one goes; by its ID an image goes with its one
   * name. Never by
   * force: of a used image the last name stays. Gives what Podman says of those that it did not take; empty: all are gone.
   */
  async remove(references: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const action = references.length === 1 ? `remove image ${references.join("")}` : `remove ${references.length} names of images`;
    const request: HttpRequest = { action, method: "DELETE", path: ["images", "remove"], query: { images: references, force: false } };
    const decode = (value: unknown): readonly string[] =>
      new JsonReader(value, "removal report").list("Errors").map((error) => (typeof error === "string" ? error : JSON.stringify(error)));
    return await this.#caller.callJson(request, decode, { deadlineMs: this.#timeouts.removeMs, signal });
  }
}

/** Several are one text, cut at its commas, blanks and all (podman 3.0). */
function decodeLoadedNames(value: unknown): readonly string[] {
  return new JsonReader(value, "load report").strings("Names").map((name) => name.trim());
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
      pullProgress: true,
    },
    headers: pull.credentials === undefined ? undefined : { "X-Registry-Auth": encodeCredentials(pull.credentials) },
  };
}

/**
 * URL-safe, as the other alphabet is refused as soon as it shows (podman 4.3 to 6.1), and padded: without it the end may be cut
 * (podman 4.3).
 */
function encodeCredentials(credentials: RegistryCredentials): string {
  const members = "anyRegistry" in credentials ? toAuthConfig(credentials.anyRegistry) : mapValues(credentials.byRegistry, toAuthConfig);
  return Buffer.from(JSON.stringify(members)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function toAuthConfig({ username, password, identityToken }: RegistryLogin): object {
  return { username, password, identitytoken: identityToken };
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, convert: (value: T) => U): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, convert(value)]));
}

interface PullLine {
  readonly text: string;
  readonly id: string;
  readonly error: string | undefined;
  readonly blob: (PullUpdate & { readonly kind: "blob" }) | undefined;
}

function decodePullLine(value: unknown): PullLine {
  const reader = new JsonReader(value, "pull line");
  return {
    text: reader.string("stream").trimEnd(),
    id: reader.string("id"),
    error: reader.has("error") ? reader.string("error") : undefined,
    blob: reader.has("pullProgress") ? decodeBlobProgress(reader.nested("pullProgress")) : undefined,
  };
}

/** A blob of an unknown size has the total -1 (podman 6.1). */
function decodeBlobProgress(reader: JsonReader): PullLine["blob"] {
  const digest = reader.string("progressComponentID");
  if (digest === "") return undefined;
  return { kind: "blob", digest, currentBytes: reader.number("current"), totalBytes: Math.max(0, reader.number("total")) };
}
