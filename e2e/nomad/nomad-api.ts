const timeoutMs = 30_000;

/** An agent's HTTP API. */
export class NomadApi {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  /** The answer as JSON. @throws Error with Nomad's own words unless the status is 200. */
  async get(path: string): Promise<unknown> {
    return this.#request("GET", path);
  }

  /** Like `get`, with a body to send. */
  async post(path: string, body: unknown): Promise<unknown> {
    return this.#request("POST", path, JSON.stringify(body));
  }

  /** Like `get`. */
  async delete(path: string): Promise<unknown> {
    return this.#request("DELETE", path);
  }

  async #request(method: string, path: string, body?: string): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${this.address}${path}`, { method, signal, ...(body !== undefined && { body }) });
    if (response.status !== 200) throw new Error(`${method} ${path}: Nomad answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
