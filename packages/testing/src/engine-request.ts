import { request } from "node:http";

export interface EngineRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v4.0.0/libpod`. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** One whole request to an engine's socket, for fixtures. Rejects when the socket cannot be reached. */
export function requestEngine(socketPath: string, options: EngineRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      socketPath,
      method: options.method,
      path: `/v4.0.0/libpod${options.path}`,
      agent: false,
      signal: options.signal,
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.end(options.body);
  });
}

/** True when a Podman service answers on the socket. */
export async function pingEngine(socketPath: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await requestEngine(socketPath, { method: "GET", path: "/_ping", signal })).status === 200;
  } catch {
    return false;
  }
}
