import { LibpodError } from "./libpod-error.ts";

export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** One request in Podman's terms; paths and queries are escaped here and nowhere else. */
export interface HttpRequest {
  /** What the call does and to what, for messages: "create container web-1f2e". */
  readonly action: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Unescaped parts of the path below `/v4.0.0/libpod`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** JSON text. */
  readonly body?: string | undefined;
  /** In place of a body: what is sent while it is read. */
  readonly upload?: AsyncIterable<Uint8Array> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Accepted by every Podman from 3.0 on; the number only selects answer shapes, and this one keeps inspect's shape
 * and the network endpoints the same on all of them (podman: pkg/api/server).
 */
const pathPrefix = "/v4.0.0/libpod";

/** "POST /containers/create": names the endpoint in errors. */
export function toEndpoint(request: HttpRequest): string {
  return `${request.method} /${request.path.join("/")}`;
}

/** The escaped request target. An empty, `.` or `..` part would reach another endpoint and is refused: `bad-request`. */
export function toTarget(request: HttpRequest): string {
  for (const part of request.path) {
    if (part === "" || part === "." || part === "..") {
      const message = `${request.action}: ${JSON.stringify(part)} is no name or id`;
      throw new LibpodError({ code: "bad-request", message, endpoint: toEndpoint(request) });
    }
  }
  return `${pathPrefix}/${request.path.map(encodeURIComponent).join("/")}${toQuery(request.query ?? {})}`;
}

function toQuery(query: Readonly<Record<string, QueryValue>>): string {
  const pairs: string[] = [];
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const values = typeof value === "object" ? value : [String(value)];
    for (const item of values) pairs.push(`${encodeURIComponent(key)}=${encodeURIComponent(item)}`);
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
