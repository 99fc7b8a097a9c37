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
    answer.once("close", () => {
      if (!answer.writableFinished) this.abandoned.push(line);
    });
    const active = this.#faults.find(({ pattern, left }) => left > 0 && pattern.test(line));
    if (active !== undefined) active.left -= 1;
    try {
      if (active?.fault.kind === "silence") await untilCleared(active, answer);
      if (active?.fault.kind === "answer") {
        answer.writeHead(active.fault.status, active.fault.headers).end(active.fault.body ?? "");
        return;
      }
      await this.#pass(incoming, answer, active);
    } catch {
      answer.destroy();
    }
  }

  async #pass(incoming: IncomingMessage, answer: ServerResponse, active: ActiveFault | undefined): Promise<void> {
    const outgoing = request(`http://${this.#upstream}${incoming.url ?? ""}`, { method: incoming.method, headers: incoming.headers, agent: false });
    incoming.pipe(outgoing);
    const [upstream] = (await once(outgoing, "response")) as [IncomingMessage];
    answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
    const halfBytes = Number(upstream.headers["content-length"] ?? 0) / 2;
    let sentBytes = 0;
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      const kind = active?.fault.kind;
      const allowed = kind === "stall" || kind === "cut" ? chunk.subarray(0, Math.max(0, Math.floor(halfBytes) - sentBytes)) : chunk;
      if (answer.destroyed) return;
      answer.write(allowed);
      sentBytes += allowed.length;
      if (active?.fault.kind === "slow") await pause((1000 * allowed.length) / active.fault.bytesPerSecond, active, answer);
      if (allowed.length === chunk.length) continue;
      if (active === undefined || kind === "cut") throw new TestingError("registry", "cut on purpose");
      await untilCleared(active, answer);
      answer.write(chunk.subarray(allowed.length));
      sentBytes += chunk.length - allowed.length;
    }
    answer.end();
  }
}

async function untilCleared({ cleared }: ActiveFault, answer: ServerResponse): Promise<void> {
  if (cleared.signal.aborted || answer.destroyed) return;
  await new Promise<void>((resolve) => {
    cleared.signal.addEventListener("abort", () => resolve(), { once: true });
    answer.once("close", resolve);
  });
}

async function pause(forMs: number, { cleared }: ActiveFault, answer: ServerResponse): Promise<void> {
  if (cleared.signal.aborted || answer.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, forMs);
    cleared.signal.addEventListener("abort", () => resolve(), { once: true });
    answer.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
