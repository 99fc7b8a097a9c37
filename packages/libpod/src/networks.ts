import type { CallTimeouts } from "./call-timeouts.ts";
import type { HttpRequest } from "./http-request.ts";
import type { PodmanCaller } from "./podman-caller.ts";

/** The network endpoints. Every call rejects with a LibpodError or the signal's reason. */
export class Networks {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  async exists(network: string, signal: AbortSignal): Promise<boolean> {
    const request: HttpRequest = { action: `look for network ${network}`, method: "GET", path: ["networks", network, "exists"] };
    const found = await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal }));
    return found !== undefined;
  }
}
