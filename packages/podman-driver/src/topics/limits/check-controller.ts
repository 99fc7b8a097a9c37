import type { Report } from "../../config/report.ts";
import type { EngineFacts } from "../../engine/engine-facts.ts";

type Delegated = Pick<EngineFacts, "rootless" | "cgroupVersion" | "cgroupControllers">;

/**
 * Whether the engine's cgroups have no such controller: a rootless user's, and on v2 those of a host whose kernel has it switched off, or
 * of a container in which Podman runs. What needs it would fail every start (podman 5.4 with crun). v1 calls controllers otherwise.
 */
export function lacksController(controller: string, { rootless, cgroupVersion, cgroupControllers }: Delegated): boolean {
  const isTold = (rootless || cgroupVersion === "v2") && cgroupControllers.length > 0;
  return isTold && !cgroupControllers.includes(controller);
}

/** In words for the job's author: what is left out for want of a controller. */
export function toUndelegatedNotice(what: string, controller: string, facts: Delegated): string {
  return `${what} not applied: it ${toNeed(controller, facts)}; ${toRemedy(facts)}`;
}

/** Refuses what would not be held where that would undo the operator's protection. */
export function checkController(
  controller: string,
  key: string,
  { facts, report }: { readonly facts: Delegated; readonly report: Report },
): void {
  if (!lacksController(controller, facts)) return;
  report.refuse({ key, problem: toNeed(controller, facts), remedy: toRemedy(facts) });
}

function toNeed(controller: string, { rootless, cgroupControllers }: Delegated): string {
  const who = rootless ? "this rootless Podman" : "this Podman";
  return `needs the cgroup controller ${controller}, and ${who} has ${cgroupControllers.join(", ")}`;
}

function toRemedy({ rootless }: Delegated): string {
  return rootless
    ? "have systemd delegate it to the user (Delegate= of user@.service), or use a rootful socket"
    : "have the host's kernel enable it (/sys/fs/cgroup/cgroup.controllers lists those it has)";
}
