import type { NetworkIsolationSpec } from "@driver/nomad-plugin";

/** The pod whose infra container holds the network namespace of a group. */
export interface GroupPod {
  readonly podId: string;
  readonly infraId: string;
  /** Process of the infra container. */
  readonly infraPid: number;
  /** Name of the socket of the Podman service that has it. */
  readonly socketName: string;
  /** That of the pod's namespace. */
  readonly hostname: string;
}

const podLabels = {
  podId: "nomad-driver-podman.pod_id",
  infraId: "nomad-driver-podman.infra_id",
  socketName: "nomad-driver-podman.socket",
} as const;

/** Under this one Nomad looks for the name that it puts beside the group's address (nomad 1.3 to 2.0: network hook). */
const hostnameLabel = "docker_sandbox_hostname";

const pathRule = /^\/proc\/([1-9]\d*)\/ns\/net$/;

/** What Nomad is told of a group's pod, and hands to each task of the group. */
export function toIsolation({ podId, infraId, infraPid, socketName, hostname }: GroupPod): NetworkIsolationSpec {
  return {
    mode: "group",
    path: `/proc/${infraPid}/ns/net`,
    labels: { [hostnameLabel]: hostname, [podLabels.podId]: podId, [podLabels.infraId]: infraId, [podLabels.socketName]: socketName },
  };
}

/** The pod in what Nomad hands to a task; undefined: the group's network is none of this driver's. */
export function toGroupPod(isolation: NetworkIsolationSpec | undefined): GroupPod | undefined {
  const { labels = {}, path = "" } = isolation ?? {};
  const {
    [podLabels.podId]: podId,
    [podLabels.infraId]: infraId,
    [podLabels.socketName]: socketName,
    [hostnameLabel]: hostname = "",
  } = labels;
  const infraPid = Number(pathRule.exec(path)?.[1] ?? 0);
  if (podId === undefined || infraId === undefined || socketName === undefined || infraPid === 0) return undefined;
  return { podId, infraId, infraPid, socketName, hostname };
}

/** The name of an allocation's pod. No task's container can have it: their names end in the allocation's id. */
export function toGroupPodName(allocId: string): string {
  return `nomad-${allocId}-group`;
}

/** The host name of a group that gives itself none: as much of the allocation's id as Nomad shows. */
export function toGroupHostname(allocId: string): string {
  return allocId.slice(0, 8);
}
