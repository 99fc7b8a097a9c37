import { noted } from "./job-key.ts";

const placement = "placement needs a cluster";
const rollout = "rollouts need a cluster";

/** Where a job, group or task would be placed. */
export const schedulingKeys = {
  constraint: noted("Constraints", `constraint: has no effect, ${placement}`),
  affinity: noted("Affinities", `affinity: has no effect, ${placement}`),
};

/** The same and what happens to it later. `rescheduleField` is what the JSON form calls the policy there. */
export const clusterKeys = (rescheduleField: string) => ({
  ...schedulingKeys,
  spread: noted("Spreads", `spread: has no effect, ${placement}`),
  update: noted("Update", `update: has no effect, ${rollout}`),
  reschedule: noted(rescheduleField, `reschedule: has no effect, ${placement}`),
  migrate: noted("Migrate", `migrate: has no effect, ${placement}`),
});

export const noPlacement = placement;
export const noServices = "service: services are not registered outside a cluster, and their checks do not run";
export const noScaling = "scaling: has no effect, scaling needs a cluster";
export const noConsul = "Consul is not available here";
export const noVault = "Vault is not available here; pass secrets in env or with -var";
export const noSecrets = "secret providers are not available here; pass secrets in env or with -var";
export const noServer = "there is no server to lose";
