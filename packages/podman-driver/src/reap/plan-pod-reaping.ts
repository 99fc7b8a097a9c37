import type { PodListEntry, PodMember } from "@driver/libpod";
import type { ReapPolicy } from "../config/driver-config.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { holdsProcesses } from "./plan-reaping.ts";

export interface PodReapFacts {
  /** Nomad's id of this node; several nodes may share one Podman service. */
  readonly nodeId: string;
  /** Whether somebody wants an allocation's network, or knows a task of it. */
  readonly isWanted: (allocId: string) => boolean;
  /** Whether a mark is that of another plugin's process, which still runs. */
  readonly isOthers: (mark: string) => boolean;
  readonly nowMs: number;
  /** Since when each pod has been seen without anybody who wants it, by its id. */
  readonly lonelySinceMs: ReadonlyMap<string, number>;
}

export interface PodReaping {
  readonly due: readonly PodListEntry[];
  /** For the next look. */
  readonly lonelySinceMs: ReadonlyMap<string, number>;
}

/**
 * Picks the pods of groups that this driver made for this node, that nobody has wanted for as long as the grace, and in which no task's
 * container is left, or none that does anything where such are kept. The grace counts from the first look, since a group whose only task
 * waits for its restart has nothing else that a new plugin could know it by. A pod that was made before a task had told the node's id
 * counts as this node's unless its maker is another plugin that runs.
 */
export function planPodReaping(
  listed: readonly PodListEntry[],
  { nodeId, isWanted, isOthers, nowMs, lonelySinceMs: known }: PodReapFacts,
  { creationGraceMs, keepsStopped }: Pick<ReapPolicy, "creationGraceMs" | "keepsStopped">,
): PodReaping {
  const lonely = listed.filter(({ labels, infraId, members }) => {
    const allocId = labels[ownLabels.allocId] ?? "";
    if (nodeId === "" || allocId === "" || (labels[ownLabels.nodeId] ?? nodeId) !== nodeId) return false;
    if (isWanted(allocId) || isOthers(labels[ownLabels.plugin] ?? "")) return false;
    const tasks = members.filter(({ id }) => id !== infraId);
    return tasks.length === 0 || (keepsStopped && !tasks.some(holdsProcesses) && isUp(members, infraId));
  });
  const lonelySinceMs = new Map(lonely.map(({ id }) => [id, known.get(id) ?? nowMs]));
  return { due: lonely.filter(({ id }) => nowMs - (lonelySinceMs.get(id) ?? nowMs) >= creationGraceMs), lonelySinceMs };
}

/** Of a pod with kept containers the infra container's process is all that there is to end. */
function isUp(members: readonly PodMember[], infraId: string): boolean {
  return members.some((member) => member.id === infraId && holdsProcesses(member));
}
