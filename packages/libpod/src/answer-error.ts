import { isJsonObject } from "./json-reader.ts";
import { LibpodError, type LibpodErrorCode } from "./libpod-error.ts";
import { toEndpoint, type HttpRequest } from "./http-request.ts";
import type { TlsFiles } from "./service-place.ts";
import { explainTlsFailure } from "./tls-failure.ts";

/** Reasons of `connect` in the reader's words. */
const connectReasons: Readonly<Record<string, string>> = {
  ENOENT: "the socket does not exist",
  ENOTDIR: "a part of the socket's path is not a folder",
  ECONNREFUSED: "nothing listens on the socket",
  EACCES: "no permission to open the socket",
  EPERM: "no permission to open the socket",
  ENOTSOCK: "the path is not a socket",
  EAGAIN: "the socket's queue of connections is full",
  ETIMEDOUT: "the machine does not answer",
  EHOSTUNREACH: "there is no way to the machine",
  ENETUNREACH: "there is no way to the machine",
};
/** What Node and OpenSSL say of a certificate that is missing, wrong or not believed, before anything is sent or taken. */
const tlsReason = /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH$|INVALID_CA$)/;

/**
 * The error for a request that got no complete answer: refused connection, broken connection or no HTTP at all.
 * @param tls of a service that is reached by TLS, and has not begun to answer
 */
export function toConnectionError(error: unknown, request: HttpRequest, place: string, tls?: TlsFiles): LibpodError {
  const endpoint = toEndpoint(request);
  const { code, syscall, message } = readSystemError(error);
  if (syscall === "connect") {
    return toUnreachable(`${connectReasons[code] ?? message} (${code})${toRemedy(code, place)}`, { request, place, cause: error });
  }
  if (syscall === "getaddrinfo") return toUnreachable(`its name leads nowhere (${code})`, { request, place, cause: error });
  const tlsFailure = tls === undefined ? undefined : explainTlsFailure({ code, message }, tls);
  if (tlsFailure?.isUnsent === true) return toUnreachable(tlsFailure.reason, { request, place, cause: error });
  if (tlsReason.test(code)) return toUnreachable(`no trust by TLS: ${message} (${code})`, { request, place, cause: error });
  if (code.startsWith("HPE_")) {
    return new LibpodError({
      code: "bad-answer",
      message: `${request.action}: ${place} does not speak HTTP: ${message}`,
      endpoint,
      cause: error,
    });
  }
  return new LibpodError({
    code: "connection-lost",
    message: `${request.action}: connection to podman at ${place} was lost: ${tlsFailure?.reason ?? message}`,
    endpoint,
    cause: error,
  });
}

/** The error for a request that was not sent, since a file of the TLS set-up cannot be read. */
export function toTlsFileError(error: unknown, request: HttpRequest, place: string): LibpodError {
  return toUnreachable(`a file for TLS cannot be read: ${readSystemError(error).message}`, { request, place, cause: error });
}

interface Unreached {
  readonly request: HttpRequest;
  readonly place: string;
  readonly cause: unknown;
}

function toUnreachable(reason: string, { request, place, cause }: Unreached): LibpodError {
  const message = `${request.action}: cannot reach podman at ${place}: ${reason}`;
  return new LibpodError({ code: "unreachable", message, endpoint: toEndpoint(request), cause });
}

/** How to bring up the service that is missing, where the path is one of systemd's units that come with Podman. */
function toRemedy(code: string, place: string): string {
  if (code !== "ENOENT" && code !== "ECONNREFUSED") return "";
  const [, userId] = /^\/(?:var\/)?run\/(?:user\/(\d+)\/)?podman\/podman\.sock$/.exec(place) ?? ["", null];
  if (userId === null) return "";
  return userId === undefined
    ? "; `systemctl enable --now podman.socket` as root starts it"
    : `; \`systemctl --user enable --now podman.socket\` as user ${userId} starts it`;
}

/** True when a kept connection was closed by the other side before this request could reach it. */
export function isStaleConnectionError(error: unknown): boolean {
  const { code } = readSystemError(error);
  return code === "ECONNRESET" || code === "EPIPE";
}

function readSystemError(error: unknown): { code: string; syscall: string; message: string } {
  if (!(error instanceof Error)) return { code: "", syscall: "", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const syscall = "syscall" in error && typeof error.syscall === "string" ? error.syscall : "";
  return { code, syscall, message: error.message };
}

export interface ErrorAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The error for an answer with a failure status. A 404 counts as `not-found` only in Podman's own JSON: the
 * router's plain-text 404 says that the endpoint is unknown, not that the object is gone.
 */
export function toAnswerError(answer: ErrorAnswer, request: HttpRequest): LibpodError {
  const parsed = parseErrorObject(answer.body);
  const text = parsed?.message ?? answer.body.trim();
  const said = text === "" ? "without a reason" : text;
  return new LibpodError({
    code: toErrorCode(answer.status, parsed),
    message: `${request.action}: podman answered ${answer.status}: ${said}`,
    endpoint: toEndpoint(request),
    status: answer.status,
    podmanCause: parsed?.cause,
    podmanMessage: text,
  });
}

/** The error when `value`, the body of a success, is Podman's error object; undefined otherwise. */
export function findErrorInside(value: unknown, request: HttpRequest): LibpodError | undefined {
  const parsed = readErrorObject(value);
  if (parsed === undefined) return undefined;
  return new LibpodError({
    code: toErrorCode(parsed.response, parsed),
    message: `${request.action}: podman answered ${parsed.response}: ${parsed.message}`,
    endpoint: toEndpoint(request),
    status: parsed.response,
    podmanCause: parsed.cause,
    podmanMessage: parsed.message,
  });
}

/** The error for a text that Podman puts into a stream or a report after a 200. */
export function toReportedError(words: string, request: HttpRequest): LibpodError {
  // Some end with a newline (podman 3.0).
  const text = words.trim();
  const said = text === "" ? "an error without a reason" : text;
  return new LibpodError({
    code: "engine-error",
    message: `${request.action}: podman answered: ${said}`,
    endpoint: toEndpoint(request),
    status: 200,
    podmanMessage: text,
  });
}

/** The error for an answer that this endpoint does not give. */
export function toBadAnswer(reason: string, request: HttpRequest, cause?: unknown): LibpodError {
  return new LibpodError({
    code: "bad-answer",
    message: `${request.action}: podman's answer makes no sense: ${reason}`,
    endpoint: toEndpoint(request),
    cause,
  });
}

function toErrorCode(status: number, fromPodman: ErrorObject | undefined): LibpodErrorCode {
  // A container or a pod that goes while Podman looks at it is a 500 (podman 4.3), with other words when it is to stop it (podman 3.0).
  const isGone = /^(no such (container|pod)|container has already been removed)$/;
  if (fromPodman !== undefined && (status === 404 || isGone.test(fromPodman.cause))) return "not-found";
  return status === 409 ? "conflict" : "engine-error";
}

interface ErrorObject {
  readonly cause: string;
  readonly message: string;
  readonly response: number;
}

function parseErrorObject(body: string): ErrorObject | undefined {
  try {
    return readErrorObject(JSON.parse(body));
  } catch {
    // A plain-text body: the caller shows it as it is.
    return undefined;
  }
}

function readErrorObject(value: unknown): ErrorObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { cause, message, response } = value;
  if (typeof message !== "string" || typeof response !== "number") return undefined;
  return { cause: typeof cause === "string" ? cause : "", message, response };
}
