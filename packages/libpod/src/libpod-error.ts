/** What kept a call from its answer. */
export type LibpodErrorCode =
  /** No connection to the socket: the request was certainly not sent, so it may be repeated. */
  | "unreachable"
  /** The connection broke after the request may have been sent: its effect is unknown. */
  | "connection-lost"
  /** The call's own deadline passed; its effect is unknown. */
  | "timeout"
  /** The client was closed while the call ran, or before it. */
  | "closed"
  /** Podman answered 404 with its own JSON error, or named a missing container as the cause: the object does not exist. */
  | "not-found"
  /** Podman answered 409: wrong state, or in use. */
  | "conflict"
  /** Podman answered with another error status, or with an error object inside a success. */
  | "engine-error"
  /** The answer is not what this endpoint gives: cut or wrong JSON, too long, or not Podman at all. */
  | "bad-answer"
  /** The caller's argument cannot be sent; nothing was. */
  | "bad-request";

export interface LibpodErrorFacts {
  readonly code: LibpodErrorCode;
  readonly message: string;
  /** Method and path below the API prefix, such as `POST /containers/create`. */
  readonly endpoint?: string | undefined;
  /** HTTP status, or the `response` number of an error object inside a 200. */
  readonly status?: number | undefined;
  /** Podman's innermost error text: stable enough to match on. */
  readonly podmanCause?: string | undefined;
  /** Podman's whole error text, or the plain body of a non-JSON error. */
  readonly podmanMessage?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class of this package. Aborts are not wrapped in it: they reject with `signal.reason`. */
export class LibpodError extends Error {
  override readonly name = "LibpodError";
  readonly code: LibpodErrorCode;
  readonly endpoint: string | undefined;
  readonly status: number | undefined;
  readonly podmanCause: string | undefined;
  readonly podmanMessage: string | undefined;

  constructor(facts: LibpodErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.endpoint = facts.endpoint;
    this.status = facts.status;
    this.podmanCause = facts.podmanCause;
    this.podmanMessage = facts.podmanMessage;
  }
}
