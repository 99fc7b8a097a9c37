import { schedulingKeys, spreadKey } from "./constraint-keys.ts";
import { key, noted } from "./job-key.ts";
import { block, bool, choice, durationMs, free, integer, string, text } from "./key-kinds.ts";
import { noServer, placement, rollout } from "./reasons.ts";

export const updateKeys = {
  stagger: key(durationMs, "Stagger"),
  max_parallel: key(integer(), "MaxParallel"),
  health_check: key(string, "HealthCheck"),
  min_healthy_time: key(durationMs, "MinHealthyTime"),
  healthy_deadline: key(durationMs, "HealthyDeadline"),
  progress_deadline: key(durationMs, "ProgressDeadline"),
  canary: key(integer(), "Canary"),
  auto_revert: key(bool, "AutoRevert"),
  auto_promote: key(bool, "AutoPromote"),
};

export const migrateKeys = {
  max_parallel: key(integer(), "MaxParallel"),
  health_check: key(string, "HealthCheck"),
  min_healthy_time: key(durationMs, "MinHealthyTime"),
  healthy_deadline: key(durationMs, "HealthyDeadline"),
};

export const rescheduleKeys = {
  attempts: key(integer(), "Attempts"),
  interval: key(durationMs, "Interval"),
  delay: key(durationMs, "Delay"),
  delay_function: key(string, "DelayFunction"),
  max_delay: key(durationMs, "MaxDelay"),
  unlimited: key(bool, "Unlimited"),
};

export const disconnectKeys = {
  lost_after: key(durationMs, "LostAfter"),
  stop_on_client_after: key(durationMs, "StopOnClientAfter"),
  replace: key(bool, "Replace"),
  reconcile: key(choice("", "best_score", "keep_original", "keep_replacement", "longest_running"), "Reconcile"),
};

const scalingKeys = {
  min: key(integer(), "Min"),
  max: key(integer(), "Max"),
  enabled: key(bool, "Enabled"),
  type: key(text, "Type"),
  policy: key(free, "Policy"),
};

const scalingFields = ["ID", "Namespace", "Target", "CreateIndex", "ModifyIndex"];
/** What of a task can be scaled, and what a server calls it. */
export const verticalLabels = { cpu: "vertical_cpu", mem: "vertical_mem" };

const noScaling = "scaling: has no effect, scaling needs a cluster";

export const groupScaling = noted(block(scalingKeys, { ignoredJson: scalingFields }), "Scaling", noScaling);

export const taskScaling = noted(
  block({ ...scalingKeys, type: key(text, []) }, { label: "Type", labels: verticalLabels, isRepeated: true, ignoredJson: scalingFields }),
  "ScalingPolicies",
  noScaling,
);

/** What happens to a job or group later. `rescheduleField` is what the JSON form calls the policy there. */
export const clusterKeys = (rescheduleField: string) => ({
  ...schedulingKeys,
  spread: spreadKey,
  update: noted(block(updateKeys), "Update", `update: has no effect, ${rollout}`),
  reschedule: noted(block(rescheduleKeys), rescheduleField, `reschedule: has no effect, ${placement}`),
  migrate: noted(block(migrateKeys), "Migrate", `migrate: has no effect, ${placement}`),
});

export const lossKeys = {
  disconnect: noted(block(disconnectKeys), "Disconnect", `disconnect: has no effect, ${noServer}`),
  stop_after_client_disconnect: noted(durationMs, "StopAfterClientDisconnect", `stop_after_client_disconnect: has no effect, ${noServer}`),
  max_client_disconnect: noted(durationMs, "MaxClientDisconnect", `max_client_disconnect: has no effect, ${noServer}`),
  prevent_reschedule_on_lost: noted(bool, "PreventRescheduleOnLost", `prevent_reschedule_on_lost: has no effect, ${noServer}`),
};
