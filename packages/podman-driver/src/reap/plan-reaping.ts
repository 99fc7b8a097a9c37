import type { ContainerListEntry } from "@driver/libpod";
import { ownLabels } from "../plan/labels.ts";

/** The operator's wishes for containers that no task owns. */
export interface ReapPolicy {
  /** Between two looks. */
  readonly periodMs: number;
  /** A younger container is left alone: its task may be about to be recovered. */
  readonly creationGraceMs: number;
  readonly dryRun: boolean;
  /** True: stopped containers are kept on purpose, and only those that hold processes are removed. */
  readonly keepsStopped: boolean;
}

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

function holdsProcesses({ status }: ContainerListEntry): boolean {
  return status === "running" || status === "paused" || status === "stopping";
}
