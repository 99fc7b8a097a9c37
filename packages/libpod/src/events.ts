import { encodeJson } from "./encode-json.ts";
import type { CallTimeouts } from "./call-timeouts.ts";
import type { HttpRequest } from "./http-request.ts";
import { JsonReader } from "./json-reader.ts";
import { decodeAnswer, type PodmanCaller } from "./podman-caller.ts";

/** Something that happened on the engine. */
export interface PodmanEvent {
  /** "container", "image", "volume", "network", "pod" or "system". */
  readonly type: string;
  /** "create", "start", "died", "remove", … */
  readonly action: string;
  /** Of the object it happened to; empty for the engine itself. */
  readonly id: string;
  readonly at: Date;
  /** `name`, `image` and the container's labels among others. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Set only for "died". */
  readonly exitCode: number | undefined;
}

export interface EventFilter {
  /** Replay from here on, as far back as the engine's event log goes. Default: from now on. */
  readonly since?: Date | undefined;
  readonly types?: readonly string[] | undefined;
  readonly actions?: readonly string[] | undefined;
  /** Names or ids. */
  readonly containers?: readonly string[] | undefined;
  /** "key" or "key=value". */
  readonly labels?: readonly string[] | undefined;
}

/** The events endpoint. Every call rejects with a LibpodError or the signal's reason. */
export class Events {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /**
   * Events while it is iterated, without a deadline. It ends when Podman ends the stream, which a service that stops
   * does: follow again, with `since`. An engine without an event log is `engine-error`; one whose journal is not
   * running gives nothing.
   */
  async *follow(filter: EventFilter, signal: AbortSignal): AsyncGenerator<PodmanEvent, void, undefined> {
    const request = toEventRequest("follow events", filter, true);
    for await (const value of this.#caller.streamJson(request, { signal })) yield decodeAnswer(value, decodePodmanEvent, request);
  }

  /** The events that have happened since `filter.since`. */
  async list(filter: EventFilter & { readonly since: Date }, signal: AbortSignal): Promise<readonly PodmanEvent[]> {
    const request = toEventRequest("list events", filter, false);
    const events: PodmanEvent[] = [];
    for await (const value of this.#caller.streamJson(request, { deadlineMs: this.#timeouts.quickMs, signal }))
      events.push(decodeAnswer(value, decodePodmanEvent, request));
    return events;
  }
}

function toEventRequest(action: string, filter: EventFilter, stream: boolean): HttpRequest {
  const filters = encodeJson({ type: filter.types, event: filter.actions, container: filter.containers, label: filter.labels });
  const since = filter.since === undefined ? undefined : (filter.since.getTime() / 1000).toFixed(3);
  return { action, method: "GET", path: ["events"], query: { stream, since, filters } };
}

/** Decodes one line of `GET /events`; a member of a wrong type is a JsonShapeError. */
export function decodePodmanEvent(value: unknown): PodmanEvent {
  const reader = new JsonReader(value, "event");
  const actor = reader.nested("Actor");
  const attributes = actor.stringMap("Attributes");
  const action = reader.string("Action");
  const code = attributes.containerExitCode;
  return {
    type: reader.string("Type"),
    action,
    id: actor.string("ID"),
    at: new Date(reader.has("timeNano") ? reader.number("timeNano") / 1e6 : reader.number("time") * 1000),
    attributes,
    // Podman 4.3 gives every event a code of "0".
    exitCode: action === "died" && code !== undefined && /^-?\d+$/.test(code) ? Number(code) : undefined,
  };
}
