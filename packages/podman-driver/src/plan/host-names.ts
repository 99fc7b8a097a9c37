import { isIP } from "node:net";
import type { ContainerSpec } from "@driver/libpod";
import type { TaskConfig } from "@driver/nomad-plugin";
import { toGroupHostname, toGroupPod } from "../topics/network/group-pod.ts";

/** Where nobody says what address a network namespace has. */
const loopback = "127.0.0.1";

/**
 * Sees to it that a task in a namespace of the host knows its own name and finds it in /etc/hosts: Podman writes no such line there, as
 * it does with every other network (podman 4.3 to 6.1). All tasks of a group have one name, but for those that set their own `hostname`.
 */
export function nameHost(
  spec: ContainerSpec,
  { networkIsolation, allocId }: Pick<TaskConfig, "networkIsolation" | "allocId">,
): ContainerSpec {
  const { netns, utsns, hostadd = [] } = spec;
  // In another's namespace of host names it has a name already, and cannot have a second.
  if (netns?.nsmode !== "path" || (utsns !== undefined && utsns.nsmode !== "private")) return spec;
  const { hostname: given = "", address = "" } = networkIsolation?.hosts ?? {};
  const [groupName = toGroupHostname(allocId)] = [given, toGroupPod(networkIsolation)?.hostname ?? ""].filter((name) => name !== "");
  const hostname = spec.hostname ?? groupName;
  const isKnown = hostadd.some((entry) => entry.startsWith(`${hostname}:`));
  const line = `${hostname}:${isIP(address) === 0 ? loopback : address}`;
  return { ...spec, hostname, hostadd: isKnown ? hostadd : [...hostadd, line] };
}
