import type { ContainerSpec } from "@driver/libpod";
import type { GroupPod } from "../topics/network/group-pod.ts";

/**
 * Makes a container a member of its group's pod. It has joined the pod's network by its path already, since Podman would give it the
 * infra container's resolv.conf and /etc/hosts otherwise (podman 4.3 to 6.1). The pod's host name is its own, unless it has another.
 */
export function joinPod(spec: ContainerSpec, { podId, hostname }: Pick<GroupPod, "podId" | "hostname">): ContainerSpec {
  // Podman has no pod for a container with ids of its own.
  if (spec.userns !== undefined && spec.userns.nsmode !== "host") return spec;
  if (spec.utsns !== undefined) return { ...spec, pod: podId };
  if (spec.hostname !== hostname) return { ...spec, pod: podId, utsns: { nsmode: "private" } };
  const { hostname: _, ...shared } = spec;
  return { ...shared, pod: podId };
}
