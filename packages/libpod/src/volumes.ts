import type { CallTimeouts } from "./call-timeouts.ts";
import type { StringMap } from "./container-spec.ts";
import { encodeJson } from "./encode-json.ts";
import type { HttpRequest } from "./http-request.ts";
import { JsonReader } from "./json-reader.ts";
import type { PodmanCaller } from "./podman-caller.ts";

export interface VolumeSpec {
  readonly name: string;
  /** Empty: Podman's own, `local`. */
  readonly driver: string;
  readonly labels: StringMap;
  /** The driver's; `local` takes `type`, `device` and `o`. */
  readonly options: StringMap;
}

export interface VolumeInspect {
  readonly name: string;
  readonly driver: string;
  readonly labels: StringMap;
  readonly options: StringMap;
}

/** The volume endpoints. Every call rejects with a LibpodError or the signal's reason. */
export class Volumes {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /** Undefined when Podman has no such volume. */
  async inspect(volume: string, signal: AbortSignal): Promise<VolumeInspect | undefined> {
    const request: HttpRequest = { action: `inspect volume ${volume}`, method: "GET", path: ["volumes", volume, "json"] };
    return await this.#caller.unlessMissing(this.#caller.callJson(request, decodeVolume, { deadlineMs: this.#timeouts.quickMs, signal }));
  }

  /** A name that is taken is an `engine-error` whose text says so (4.3 to 5.8: "volume already exists"). */
  async create({ name, driver, labels, options }: VolumeSpec, signal: AbortSignal): Promise<VolumeInspect> {
    const body = encodeJson({ Name: name, ...(driver !== "" && { Driver: driver }), Label: labels, Options: options });
    const request: HttpRequest = { action: `create volume ${name}`, method: "POST", path: ["volumes", "create"], body };
    return await this.#caller.callJson(request, decodeVolume, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /** Removes it with all that is in it. One that a container has is a `conflict`. */
  async remove(volume: string, signal: AbortSignal): Promise<void> {
    const request: HttpRequest = { action: `remove volume ${volume}`, method: "DELETE", path: ["volumes", volume] };
    await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.quickMs, signal }));
  }
}

function decodeVolume(value: unknown): VolumeInspect {
  const reader = new JsonReader(value, "volume");
  return {
    name: reader.requiredString("Name"),
    driver: reader.string("Driver"),
    labels: reader.stringMap("Labels"),
    options: reader.stringMap("Options"),
  };
}
