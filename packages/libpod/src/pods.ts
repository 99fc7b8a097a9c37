import type { CallTimeouts } from "./call-timeouts.ts";
import type { NamespaceSpec, PortMappingSpec, StringMap } from "./container-spec.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";
import { encodeJson } from "./encode-json.ts";
import type { HttpRequest } from "./http-request.ts";
import { JsonReader, readList } from "./json-reader.ts";
import type { PodmanCaller } from "./podman-caller.ts";

/** The body of pod create in Podman's own spelling (podman: specgen.PodSpecGenerator). Absent keys get Podman's default. */
export interface PodSpec {
  /** Shares its names with containers: one that a container has is refused, and the other way round (podman 4.3). */
  readonly name: string;
  readonly hostname?: string | undefined;
  /** The infra container gets them too. */
  readonly labels?: StringMap | undefined;
  readonly netns?: NamespaceSpec | undefined;
  readonly portmappings?: readonly PortMappingSpec[] | undefined;
  /** What members share, of net, ipc, uts, pid, user and cgroup. Default: net, ipc and uts. */
  readonly shared_namespaces?: readonly string[] | undefined;
  /** False: members are no part of a cgroup of the pod's. Podman 4.1 and later. */
  readonly share_parent?: boolean | undefined;
  /** Default: one that Podman makes by itself. */
  readonly infra_image?: string | undefined;
}

export interface PodInspect {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly labels: StringMap;
  /** Empty for a pod without one. */
  readonly infraId: string;
  /** The infra container among them. */
  readonly members: readonly PodMember[];
}

/** One pod of a list. */
export interface PodListEntry {
  readonly id: string;
  readonly name: string;
  readonly labels: StringMap;
  readonly infraId: string;
  readonly members: readonly PodMember[];
}

export interface PodMember {
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
}

/** The pod endpoints. `pod` is a name or an id. Every call rejects with a LibpodError or the signal's reason. */
export class Pods {
  readonly #caller: PodmanCaller;
  readonly #timeouts: CallTimeouts;

  constructor(caller: PodmanCaller, timeouts: CallTimeouts) {
    this.#caller = caller;
    this.#timeouts = timeouts;
  }

  /** Creates a pod and its infra container, which does not run yet. Gives its id. A name that is taken is a `conflict` (podman 4.3). */
  async create(spec: PodSpec, signal: AbortSignal): Promise<string> {
    const request: HttpRequest = { action: `create pod ${spec.name}`, method: "POST", path: ["pods", "create"], body: encodeJson(spec) };
    // Podman may make the infra container's image first.
    const deadlineMs = this.#timeouts.startMs;
    return await this.#caller.callJson(request, (value) => new JsonReader(value, "created pod").requiredString("Id"), {
      deadlineMs,
      signal,
    });
  }

  /** Undefined when Podman has no such pod. */
  async inspect(pod: string, signal: AbortSignal): Promise<PodInspect | undefined> {
    const request: HttpRequest = { action: `inspect pod ${pod}`, method: "GET", path: ["pods", pod, "json"] };
    return await this.#caller.unlessMissing(this.#caller.callJson(request, decodePod, { deadlineMs: this.#timeouts.quickMs, signal }));
  }

  /** @param labels that must be there, each as "key" or "key=value" */
  async list({ labels }: { readonly labels: readonly string[] }, signal: AbortSignal): Promise<readonly PodListEntry[]> {
    const query = { filters: encodeJson({ label: labels }) };
    const request: HttpRequest = { action: "list pods", method: "GET", path: ["pods", "json"], query };
    return await this.#caller.callJson(request, decodePodList, { deadlineMs: this.#timeouts.quickMs, signal });
  }

  /** Kills and removes a pod with all its members. Settles when it is gone; false when it did not exist. */
  async remove(pod: string, signal: AbortSignal): Promise<boolean> {
    const query = { force: true, timeout: 0 };
    const request: HttpRequest = { action: `remove pod ${pod}`, method: "DELETE", path: ["pods", pod], query };
    const answer = await this.#caller.unlessMissing(this.#caller.call(request, { deadlineMs: this.#timeouts.removeMs, signal }));
    return answer !== undefined;
  }
}

/** Decodes `GET /pods/{pod}/json`; a member of a wrong type is a JsonShapeError. */
export function decodePod(value: unknown): PodInspect {
  const reader = new JsonReader(value, "pod");
  return {
    id: reader.requiredString("Id"),
    name: reader.requiredString("Name"),
    hostname: reader.string("Hostname"),
    labels: reader.stringMap("Labels"),
    infraId: reader.string("InfraContainerID"),
    members: reader.list("Containers").map((member) => decodeMember(member, "Name", "State")),
  };
}

/** Decodes `GET /pods/json`; a member of a wrong type is a JsonShapeError. */
export function decodePodList(value: unknown): readonly PodListEntry[] {
  return readList(value, "pod list").map((entry) => {
    const reader = new JsonReader(entry, "pod list entry");
    return {
      id: reader.requiredString("Id"),
      name: reader.string("Name"),
      labels: reader.stringMap("Labels"),
      infraId: reader.string("InfraId"),
      members: reader.list("Containers").map((member) => decodeMember(member, "Names", "Status")),
    };
  });
}

/** A list and an inspect answer call the same by other names. */
function decodeMember(value: unknown, nameKey: string, statusKey: string): PodMember {
  const reader = new JsonReader(value, "member of a pod");
  return { id: reader.requiredString("Id"), name: reader.string(nameKey), status: toContainerStatus(reader.string(statusKey)) };
}
