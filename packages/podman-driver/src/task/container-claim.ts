import type { ContainerInspect } from "@driver/libpod";
import { join } from "node:path";
import type { TaskConfig } from "@driver/nomad-plugin";
import { ownLabels } from "../topics/labels/labels-topic.ts";

/** Whose a container is that has the name this task wants. */
export type ContainerClaim =
  /** Made by a StartTask for this very task id and config: that call's answer was lost. */
  | { readonly kind: "same-start" }
  /** Left over from an earlier start of this task in this allocation: ours to remove. */
  | { readonly kind: "leftover" }
  | { readonly kind: "foreign"; readonly owner: string };

/**
 * Judges a container by its labels, and one without our labels by its mounts: the Go driver sets none, but a
 * container with this allocation's folder inside is this allocation's. A version that hashes a config in another way, or has
 * keys with other defaults, finds no "same-start" among those of the version before: such a container is removed and made
 * anew, which harms nobody, since its start was never answered. Nothing else looks at the hash.
 */
export function judgeClaim(container: ContainerInspect, task: TaskConfig, configHash: string): ContainerClaim {
  const labels = container.config.labels;
  const isOwn = isOfAllocation(container, task);
  if (isOwn && labels[ownLabels.allocId] === undefined) return { kind: "leftover" };
  if (!isOwn || labels[ownLabels.taskName] !== task.name) return { kind: "foreign", owner: describeOwner(container) };
  const isSame = labels[ownLabels.taskId] === task.id && labels[ownLabels.configHash] === configHash;
  return isSame ? { kind: "same-start" } : { kind: "leftover" };
}

/** Whether a container is a task of this allocation, by its labels, or one of the Go driver's, by its mounts. */
export function isOfAllocation({ config: { labels }, mounts }: ContainerInspect, { allocId, allocDir }: TaskConfig): boolean {
  const labelled = labels[ownLabels.allocId];
  if (labelled !== undefined) return labelled === allocId;
  const allocFolder = join(allocDir, "alloc");
  return mounts.some((mount) => mount.source === allocFolder);
}

/** Whose a container is, in words. */
export function describeOwner({ id, config: { labels } }: ContainerInspect): string {
  const allocId = labels[ownLabels.allocId];
  return allocId === undefined
    ? `container ${id.slice(0, 12)}, which Nomad did not start`
    : `task ${labels[ownLabels.taskName] ?? "?"} of allocation ${allocId}`;
}
