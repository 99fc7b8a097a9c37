import { toTimerMs } from "@driver/std";
import { LibpodError } from "./libpod-error.ts";

export interface CallScopeOptions {
  /** Named in the time-out's message, such as "inspect container web-1f2e". */
  readonly action: string;
  readonly endpoint: string;
  /** The call's own deadline; absent means that only the caller ends it. */
  readonly deadlineMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * The life of one call: its signal aborts when the caller's does (same reason), when the deadline passes, or when
 * the client closes. The signal's reason is what the call then rejects with.
 */
export class CallScope {
  readonly action: string;
  readonly endpoint: string;
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal;
  readonly #onCallerAbort = (): void => this.abort(this.#callerSignal.reason);
  readonly #onClose: (scope: CallScope) => void;
  readonly #deadlineMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallScopeOptions, onClose: (scope: CallScope) => void) {
    this.action = options.action;
    this.endpoint = options.endpoint;
    this.#callerSignal = options.signal;
    this.#deadlineMs = options.deadlineMs;
    this.#onClose = onClose;
    if (options.signal.aborted) this.abort(options.signal.reason);
    // Not AbortSignal.any: a driver's signals live for weeks, and every call must leave nothing on them.
    else options.signal.addEventListener("abort", this.#onCallerAbort);
    this.restartDeadline();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Starts the deadline anew; used by streams whose deadline is one of silence. */
  restartDeadline(): void {
    this.stopDeadline();
    if (this.#deadlineMs === undefined || this.signal.aborted) return;
    const deadlineMs = toTimerMs(this.#deadlineMs);
    this.#timer = setTimeout(() => this.abort(this.#timeout(deadlineMs)), deadlineMs);
    this.#timer.unref();
  }

  /** From here on only the caller or the client's close ends the call. */
  stopDeadline(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Releases timer and listener; to be called once the call has settled. */
  close(): void {
    this.stopDeadline();
    this.#callerSignal.removeEventListener("abort", this.#onCallerAbort);
    this.#onClose(this);
  }

  #timeout(deadlineMs: number): LibpodError {
    return new LibpodError({
      code: "timeout",
      message: `${this.action}: no answer from podman within ${deadlineMs} ms`,
      endpoint: this.endpoint,
    });
  }
}

/** Every open call of one client, so that its close can end them. */
export class CallScopes {
  readonly #open = new Set<CallScope>();
  #closed = false;

  open(options: CallScopeOptions): CallScope {
    const scope = new CallScope(options, (closed) => this.#open.delete(closed));
    this.#open.add(scope);
    if (this.#closed) scope.abort(closedError(scope));
    return scope;
  }

  /** Aborts every open call, and each later one at once. */
  close(): void {
    this.#closed = true;
    for (const scope of this.#open) scope.abort(closedError(scope));
  }
}

function closedError(scope: CallScope): LibpodError {
  return new LibpodError({ code: "closed", message: `${scope.action}: the podman client was closed`, endpoint: scope.endpoint });
}
