/** What goes wrong with one request to Podman. */
export type Fault =
  /** Passed on after a pause. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** Passed on once that has settled. */
  | { readonly kind: "held"; readonly until: Promise<unknown> }
  /** Answered with what somebody made up; Podman never hears of the request. See `podmanError`. */
  | { readonly kind: "made-up"; readonly status: number; readonly body: string }
  /** Podman acts, and its success arrives without a body. */
  | { readonly kind: "empty-body" }
  /** Podman acts, and half of its answer arrives as if that were all. */
  | { readonly kind: "half-body" }
  /** Podman acts, and the connection breaks in the middle of the body. */
  | { readonly kind: "cut-body" }
  /** The connection breaks before Podman hears of the request. */
  | { readonly kind: "dropped" }
  /** Podman acts, and the connection breaks before a byte of its answer arrives. */
  | { readonly kind: "lost-answer" }
  /** Podman never hears of the request, and nothing is ever answered. */
  | { readonly kind: "hang" };

export type FaultKind = Fault["kind"];

/** Podman's own form of an error, as the answer to a request that it never hears of. */
export function podmanError(text: string, status = 500): Fault {
  return { kind: "made-up", status, body: JSON.stringify({ cause: text, message: text, response: status }) };
}

/** Which requests a fault befalls. */
export interface FaultRule {
  readonly fault: Fault;
  /** Default: any. */
  readonly method?: "GET" | "POST" | "DELETE";
  /** Tried on the path below the version prefix, without the query: `/containers/create`. Default: any. */
  readonly path?: RegExp;
  /** The first matching request that is harmed, counted from 1. Default 1. */
  readonly nth?: number;
  /** So many in a row are harmed. Default: all from `nth` on. */
  readonly times?: number;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
}

/** A rule at work. */
export interface ActiveFault {
  /** Requests it has harmed so far. */
  readonly hits: number;
  /** Lets all later requests pass. */
  remove(): void;
}

/** Counts the requests that match a rule and says which of them are harmed. */
export class RuleCounter {
  readonly rule: FaultRule;
  hits = 0;
  #matches = 0;

  constructor(rule: FaultRule) {
    this.rule = rule;
  }

  befalls(request: SeenRequest): boolean {
    const { method, path, nth = 1, times = Number.POSITIVE_INFINITY } = this.rule;
    if (method !== undefined && method !== request.method) return false;
    if (path !== undefined && !path.test(request.path)) return false;
    this.#matches += 1;
    const isHarmed = this.#matches >= nth && this.hits < times;
    if (isHarmed) this.hits += 1;
    return isHarmed;
  }
}
