import { toAnswerError, toBadAnswer } from "./answer-error.ts";
import { toCallTimeouts, type CallTimeouts } from "./call-timeouts.ts";
import { Containers } from "./containers.ts";
import { Events } from "./events.ts";
import { Execs } from "./execs.ts";
import type { HttpRequest } from "./http-request.ts";
import { Images } from "./images.ts";
import { decodePodmanInfo, type PodmanInfo } from "./podman-info.ts";
import { Pods } from "./pods.ts";
import { PodmanCaller, type CallAnswer } from "./podman-caller.ts";
import { describePlace, type ServicePlace } from "./service-place.ts";
import { Volumes } from "./volumes.ts";

/** Nothing is opened before the first call. */
export type PodmanClientOptions = ServicePlace & { readonly timeouts?: Partial<CallTimeouts> | undefined };

export interface PodmanPing {
  /** Podman's version, such as "4.3.1". */
  readonly version: string;
}

const pingRequest: HttpRequest = { action: "ping podman", method: "GET", path: ["_ping"] };

/** Docker's service names itself in `Server`; it knows no path of Podman's and answers 404. */
function toStranger({ status, header }: Pick<CallAnswer, "status" | "header">): string {
  const server = header("server");
  if (/^docker\b/i.test(server)) return `this is Docker (${server}), not Podman`;
  return `no Libpod-Api-Version header (status ${status}${server === "" ? "" : `, server ${server}`})`;
}

/**
 * A client of one Podman service. It owns its connections: `close` ends all of them. Calls reject with a LibpodError,
 * or with `signal.reason` once their signal aborts.
 */
export class PodmanClient {
  /** Where its service listens, for messages. */
  readonly place: string;
  readonly containers: Containers;
  readonly exec: Execs;
  readonly images: Images;
  readonly pods: Pods;
  readonly volumes: Volumes;
  readonly events: Events;
  readonly #caller: PodmanCaller;
  /** Shared with all groups of calls. */
  readonly #timeouts: { -readonly [K in keyof CallTimeouts]: CallTimeouts[K] };

  constructor(options: PodmanClientOptions) {
    this.place = describePlace(options);
    this.#timeouts = toCallTimeouts(options.timeouts);
    this.#caller = new PodmanCaller(options);
    this.containers = new Containers(this.#caller, this.#timeouts);
    this.exec = new Execs(this.#caller, this.#timeouts);
    this.images = new Images(this.#caller, this.#timeouts);
    this.pods = new Pods(this.#caller, this.#timeouts);
    this.volumes = new Volumes(this.#caller, this.#timeouts);
    this.events = new Events(this.#caller);
  }

  /** Other limits for all calls from now on; those under way keep theirs. */
  limitCalls(timeouts: Partial<CallTimeouts>): void {
    Object.assign(this.#timeouts, timeouts);
  }

  /**
   * The cheapest sign of life, on a connection of its own, as who comes now would have one. A service that is not Podman's is
   * `bad-answer`, and named where it names itself.
   */
  async ping(signal: AbortSignal): Promise<PodmanPing> {
    const answer = await this.#caller.exchange(pingRequest, { deadlineMs: this.#timeouts.quickMs, isAlone: true, signal });
    const version = answer.header("libpod-api-version");
    if (version !== "" && answer.status < 400) return { version };
    if (version !== "" || answer.status >= 500) throw toAnswerError({ status: answer.status, body: answer.text }, pingRequest);
    throw toBadAnswer(`${toStranger(answer)}; is ${this.place} the socket of a Podman service?`, pingRequest);
  }

  /**
   * A ping whose connection is kept, idle: it takes as long as the service needs, and settles with a promise of the connection's
   * end. A service that dies ends it, and so does one that stops for want of work. The signal and `close` end it as well.
   */
  async hold(signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
    return await this.#caller.hold(pingRequest, { signal });
  }

  async info(signal: AbortSignal): Promise<PodmanInfo> {
    const request: HttpRequest = { action: "ask podman for its info", method: "GET", path: ["info"] };
    return await this.#caller.callJson(request, decodePodmanInfo, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /**
   * For a client that another has taken the place of: it keeps no idle connection any more, so that nothing is left of it when
   * its last call has ended. Calls under way go on, and those who still have it may make more.
   */
  retire(): void {
    this.#caller.retire();
  }

  /** Ends every open call and stream with `closed`; later calls fail the same way. */
  close(): void {
    this.#caller.close();
  }
}
