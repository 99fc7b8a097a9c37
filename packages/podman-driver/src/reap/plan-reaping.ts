import type { ContainerListEntry } from "@driver/libpod";
import type { ReapPolicy } from "../config/driver-config.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";

export interface ReapFacts {
  /** Nomad's id of this node; several nodes may share one Podman service. */
  readonly nodeId: string;
  readonly isKnown: (taskId: string) => boolean;
  readonly now: Date;
}

/** Picks the containers that this driver made for this node and whose task it does not know (any more). */
export function planReaping(
  listed: readonly ContainerListEntry[],
  facts: ReapFacts,
  policy: Pick<ReapPolicy, "creationGraceMs" | "keepsStopped">,
): readonly ContainerListEntry[] {
  if (facts.nodeId === "") return [];
  return listed.filter((container) => {
    const { labels, createdAt } = container;
    const taskId = labels[ownLabels.taskId] ?? "";
    if (taskId === "" || labels[ownLabels.nodeId] !== facts.nodeId || facts.isKnown(taskId)) return false;
    if (createdAt === undefined || facts.now.getTime() - createdAt.getTime() < policy.creationGraceMs) return false;
    return !policy.keepsStopped || holdsProcesses(container);
  });
}

/** Whether a container has not ended yet. */
export function holdsProcesses({ status }: Pick<ContainerListEntry, "status">): boolean {
  return status === "running" || status === "paused" || status === "stopping";
}
