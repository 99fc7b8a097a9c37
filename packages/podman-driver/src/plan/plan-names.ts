import { isIP } from "node:net";
import type { ContainerSpec } from "@driver/libpod";
import { toGroupHostname } from "../topics/network/group-pod.ts";
import type { WantedTask } from "../topics/topics.ts";

export interface NamesContext {
  readonly allocId: string;
  /** Name of the socket of the Podman service that runs the task. */
  readonly socketName: string;
}

/** Where nobody says what address a network namespace has. */
const loopback = "127.0.0.1";

/**
 * What the container is called, and whether it is a member of its group's pod; several topics decide it together.
 *
 * A task in a namespace of the host knows its own name and finds it in /etc/hosts: Podman writes no such line there, as it does with
 * every other network (podman 4.3 to 6.1). All tasks of a group have one name, but for those that set their own `hostname`.
 *
 * A member has joined the pod's network by its path already, since Podman would give it the infra container's resolv.conf and /etc/hosts
 * otherwise (podman 4.3 to 6.1). The pod's host name is its own, unless it has another.
 */
export function planNames(wanted: WantedTask, { allocId, socketName }: NamesContext): Partial<ContainerSpec> {
  const { network: { network, group, hosts }, namespaces: { userns, others }, process } = wanted;
  const pod = network.kind === "group" ? network.pod : undefined;
  const uts = others.find(({ of }) => of === "uts")?.spec.nsmode;
  // In another's namespace of host names it has a name already, and cannot have a second.
  const isNamed = (network.kind === "group" || network.kind === "path") && (uts === undefined || uts === "private");
  const [groupName = toGroupHostname(allocId)] = [group.hostname, pod?.hostname ?? ""].filter((name) => name !== "");
  const hostname = process.hostname ?? (isNamed ? groupName : undefined);
  const isKnown = hosts.some(({ name }) => name === hostname);
  const address = isIP(group.address) === 0 ? loopback : group.address;
  // Podman has no pod for a container with ids of its own.
  const isMember = pod?.socketName === socketName && (userns === undefined || userns.wanted.kind === "host");
  const sharesName = isMember && uts === undefined && hostname === pod.hostname;
  return {
    ...(hostname !== undefined && !sharesName && { hostname }),
    ...(isNamed && !isKnown && { hostadd: [`${hostname}:${address}`] }),
    ...(isMember && { pod: pod.podId }),
    ...(isMember && uts === undefined && !sharesName && { utsns: { nsmode: "private" } }),
  };
}
