import type { ContainerSpec } from "@driver/libpod";
import { toGroupHostname } from "../topics/group-pod.ts";
import type { WantedTask } from "../topics/topics.ts";

export interface NamesContext {
  readonly allocId: string;
  /** Name of the socket of the Podman service that runs the task. */
  readonly socketName: string;
}

/** What a container is called. */
export interface PlannedNames {
  readonly spec: Partial<ContainerSpec>;
  /** The host name that has to stand in the task's hosts file; undefined: Podman sees to it, or the task has another's name. */
  readonly hostname: string | undefined;
}

/**
 * What the container is called, and whether it is a member of its group's pod; several topics decide it together.
 *
 * A task in a namespace of the host knows its own name. All tasks of a group have one name, but for those that set their own
 * `hostname`.
 *
 * A member has joined the pod's network by its path already, since Podman would give it the infra container's resolv.conf and /etc/hosts
 * otherwise (podman 4.3 to 6.1). The pod's host name is its own, unless it has another.
 */
export function planNames(wanted: WantedTask, { allocId, socketName }: NamesContext): PlannedNames {
  const { network: { network, group }, namespaces: { userns, others }, process } = wanted;
  const pod = network.kind === "group" ? network.pod : undefined;
  const uts = others.find(({ of }) => of === "uts")?.spec.nsmode;
  // In another's namespace of host names it has a name already, and cannot have a second.
  const isNamed = (network.kind === "group" || network.kind === "path") && (uts === undefined || uts === "private");
  const [groupName = toGroupHostname(allocId)] = [group.hostname, pod?.hostname ?? ""].filter((name) => name !== "");
  const hostname = process.hostname ?? (isNamed ? groupName : undefined);
  // Podman has no pod for a container with ids of its own.
  const isMember = pod?.socketName === socketName && (userns === undefined || userns.wanted.kind === "host");
  const sharesName = isMember && uts === undefined && hostname === pod.hostname;
  const spec = {
    ...(hostname !== undefined && !sharesName && { hostname }),
    ...(isMember && { pod: pod.podId }),
    ...(isMember && uts === undefined && !sharesName && { utsns: { nsmode: "private" } }),
  };
  return { spec, hostname: isNamed ? hostname : undefined };
}
