import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { TestingError } from "./testing-error.ts";

/** What goes wrong with a request to a registry. */
export type RegistryFault =
  /** Nothing is answered, or half of the body and then nothing, until the fault is cleared or the caller leaves. */
  | { readonly kind: "silence" | "stall" }
  /** Half of the body, and the connection is cut. */
  | { readonly kind: "cut" }
  /** An answer of the test's own. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The body comes at no more than this. */
  | { readonly kind: "slow"; readonly bytesPerSecond: number };

interface ActiveFault {
  readonly pattern: RegExp;
  readonly fault: RegistryFault;
  readonly cleared: AbortController;
  left: number;
}

/** Stands in front of a registry, counts what is asked, and lets it go wrong. */
export class RegistryProxy implements AsyncDisposable {
  /** Requests so far, as `METHOD /v2/…`. */
  readonly seen: string[] = [];
  /** Requests whose caller left before the end of the answer. */
  readonly abandoned: string[] = [];
  readonly #server: Server;
  readonly #upstream: string;
  #faults: readonly ActiveFault[] = [];
  #host = "";

  private constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server = createServer((incoming, answer) => void this.#serve(incoming, answer));
  }

  /** `upstream`: `host:port` of a registry that speaks http. */
  static async start(upstream: string): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(upstream);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    const address = proxy.#server.address();
    if (address === null || typeof address === "string") throw new TestingError("registry", "the proxy does not listen");
    proxy.#host = `127.0.0.1:${address.port}`;
    return proxy;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return this.#host;
  }

  count(pattern: RegExp): number {
    return this.seen.filter((one) => pattern.test(one)).length;
  }

  /** Lets `fault` happen to the next `times` requests (default: all) whose `METHOD /path` matches; the latest rule wins. */
  fault(pattern: RegExp, fault: RegistryFault, times = Infinity): { clear(): void } {
    const active: ActiveFault = { pattern, fault, cleared: new AbortController(), left: times };
    this.#faults = [active, ...this.#faults];
    return {
      clear: () => {
        this.#faults = this.#faults.filter((one) => one !== active);
        active.cleared.abort();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { cleared } of this.#faults) cleared.abort();
    this.#faults = [];
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const line = `${incoming.method ?? ""} ${incoming.url ?? ""}`;
    this.seen.push(line);
    const passed: Passed = { sentBytes: 0, wantedBytes: 1 };
    answer.once("close", () => {
      if (passed.sentBytes < passed.wantedBytes) this.abandoned.push(line);
    });
    const active = this.#faults.find(({ pattern, left }) => left > 0 && pattern.test(line));
    if (active !== undefined) active.left -= 1;
    try {
      if (active?.fault.kind === "silence") await untilCleared(active, answer);
      if (active?.fault.kind === "answer") {
        passed.wantedBytes = 0;
        answer.writeHead(active.fault.status, active.fault.headers).end(active.fault.body ?? "");
        return;
      }
      await this.#pass({ incoming, answer, passed }, active);
    } catch {
      answer.destroy();
    }
  }

  async #pass({ incoming, answer, passed }: Exchange, active: ActiveFault | undefined): Promise<void> {
    const outgoing = request(
      `http://${this.#upstream}${incoming.url ?? ""}`,
      { method: incoming.method, headers: incoming.headers, agent: false },
    );
    incoming.pipe(outgoing);
    const [upstream] = (await once(outgoing, "response")) as [IncomingMessage];
    answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
    passed.wantedBytes = incoming.method === "HEAD" ? 0 : Number(upstream.headers["content-length"] ?? 0);
    const kind = active?.fault.kind;
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      if (answer.destroyed) return;
      const isHalved = kind === "stall" || kind === "cut";
      const allowed = isHalved ? chunk.subarray(0, Math.max(0, Math.floor(passed.wantedBytes / 2) - passed.sentBytes)) : chunk;
      answer.write(allowed);
      passed.sentBytes += allowed.length;
      if (active?.fault.kind === "slow") await pause((1000 * allowed.length) / active.fault.bytesPerSecond, active, answer);
      if (allowed.length === chunk.length) continue;
      if (active === undefined || kind === "cut") throw new TestingError("registry", "cut on purpose");
      await untilCleared(active, answer);
      answer.write(chunk.subarray(allowed.length));
      passed.sentBytes += chunk.length - allowed.length;
    }
    answer.end();
  }
}

/** How much of an answer's body has been sent on. */
interface Passed {
  sentBytes: number;
  wantedBytes: number;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly passed: Passed;
}

function untilCleared(active: ActiveFault, answer: ServerResponse): Promise<void> {
  return pause(undefined, active, answer);
}

/** Undefined: until the fault is cleared or the caller has left, which end every pause. */
async function pause(forMs: number | undefined, { cleared }: ActiveFault, answer: ServerResponse): Promise<void> {
  if (cleared.signal.aborted || answer.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = forMs === undefined ? undefined : setTimeout(() => settle(), forMs);
    const settle = (): void => {
      clearTimeout(timer);
      cleared.signal.removeEventListener("abort", settle);
      answer.removeListener("close", settle);
      resolve();
    };
    cleared.signal.addEventListener("abort", settle);
    answer.once("close", settle);
  });
}
