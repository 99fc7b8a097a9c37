import { mapAttr, type TaskConfig } from "@driver/nomad-plugin";
import { mountedImagesLabel, toMountedLabels } from "../../image/mounted-images.ts";
import { matchesGlob } from "../../config/matches-glob.ts";
import { topic } from "../topic.ts";

/** Our own labels are always set: they tell whose container this is when its name is taken. */
export const ownLabels = {
  taskId: "nomad-driver-podman.task_id",
  taskName: "nomad-driver-podman.task_name",
  allocId: "nomad-driver-podman.alloc_id",
  nodeId: "nomad-driver-podman.node_id",
  configHash: "nomad-driver-podman.config_hash",
  /** On the pod of a group alone. */
  group: "nomad-driver-podman.group",
  /** The plugin process that has made it, while no task had told the node's id. */
  plugin: "nomad-driver-podman.plugin",
} as const;

const nomadLabelPrefix = "com.hashicorp.nomad.";

/**
 * Labels of a container: the task's own, Nomad's as far as the operator's `extra_labels` globs ask for them, and
 * ours. `com.hashicorp.nomad.alloc_id` comes with any `extra_labels` and never without: Nomad's Docker driver
 * removes containers that carry it where both share a socket.
 */
export const labelsTopic = topic({
  fields: { labels: mapAttr("string", { help: "Labels of the container." }) },
  want: ({ labels }) => labels,
  plan: (labels, { task, settings, configHash }) => {
    const set = { ...toNomadLabels(task, settings.extraLabels), ...toOwnLabels(task, configHash) };
    const lost = Object.keys(labels).filter((name) => Object.hasOwn(set, name) || name === mountedImagesLabel);
    const kept = Object.entries(labels).filter(([name]) => !lost.includes(name));
    return {
      spec: { labels: { ...Object.fromEntries(kept), ...set } },
      given: ({ mountedImages }) => ({ labels: toMountedLabels(mountedImages) }),
      notices: lost.map((name) => `label ${name} is not used: this driver sets it itself`),
    };
  },
});

function toNomadLabels(task: TaskConfig, extraLabels: readonly string[]): Record<string, string> {
  const nomad: Record<string, string> = {
    job_name: task.jobName,
    job_id: task.jobId,
    task_group_name: task.taskGroupName,
    task_name: task.name,
    namespace: task.namespace,
    node_name: task.nodeName,
    node_id: task.nodeId,
    parent_job_id: task.parentJobId,
  };
  const chosen = Object.entries(nomad).filter(([word]) => extraLabels.some((glob) => matchesGlob(glob, word)));
  if (extraLabels.length > 0) chosen.push(["alloc_id", task.allocId]);
  return Object.fromEntries(chosen.map(([word, value]) => [`${nomadLabelPrefix}${word}`, value]));
}

function toOwnLabels(task: TaskConfig, configHash: string): Record<string, string> {
  return {
    [ownLabels.taskId]: task.id,
    [ownLabels.taskName]: task.name,
    [ownLabels.allocId]: task.allocId,
    [ownLabels.nodeId]: task.nodeId,
    [ownLabels.configHash]: configHash,
  };
}
