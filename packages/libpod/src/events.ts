import { encodeJson } from "./encode-json.ts";
import type { HttpRequest } from "./http-request.ts";
import { JsonReader } from "./json-reader.ts";
import { decodeAnswer, type PodmanCaller } from "./podman-caller.ts";

/** Something that happened on the engine. */
export interface PodmanEvent {
  /** Of the object it happened to; empty for the engine itself. */
  readonly id: string;
  readonly at: Date;
}

export interface EventFilter {
  /** Replay from here on, as far back as the engine's event log goes. Default: from now on. */
  readonly since?: Date | undefined;
  /** "container", "image", "volume", "network", "pod" or "system". */
  readonly types?: readonly string[] | undefined;
  /** "create", "start", "died", "remove", … */
  readonly actions?: readonly string[] | undefined;
}

/** The events endpoint. Every call rejects with a LibpodError or the signal's reason. */
export class Events {
  readonly #caller: PodmanCaller;

  constructor(caller: PodmanCaller) {
    this.#caller = caller;
  }

  /**
   * Events while it is iterated, without a deadline. It ends when Podman ends the stream, which a service that stops
   * does: follow again, with `since`. An engine without an event log is `engine-error`; one whose journal is not
   * running gives nothing.
   */
  async *follow(filter: EventFilter, signal: AbortSignal): AsyncGenerator<PodmanEvent, void, undefined> {
    const request = toEventRequest(filter);
    for await (const value of this.#caller.streamJson(request, { signal })) yield decodeAnswer(value, decodePodmanEvent, request);
  }
}

function toEventRequest({ since, types, actions }: EventFilter): HttpRequest {
  const query = {
    stream: true,
    since: since === undefined ? undefined : (since.getTime() / 1000).toFixed(3),
    filters: encodeJson({ type: types, event: actions }),
  };
  return { action: "follow events", method: "GET", path: ["events"], query };
}

/** Decodes one line of `GET /events`; a member of a wrong type is a JsonShapeError. */
export function decodePodmanEvent(value: unknown): PodmanEvent {
  const reader = new JsonReader(value, "event");
  return {
    id: reader.nested("Actor").string("ID"),
    at: new Date(reader.has("timeNano") ? reader.number("timeNano") / 1e6 : reader.number("time") * 1000),
  };
}
