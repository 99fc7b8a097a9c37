import type { EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";

type Delegated = Pick<EngineFacts, "rootless" | "cgroupControllers">;

/** Whether a rootless user's cgroups have no such controller; what needs it would fail every start (podman 5.4 with crun). */
export function lacksController(controller: string, { rootless, cgroupControllers }: Delegated): boolean {
  return rootless && cgroupControllers.length > 0 && !cgroupControllers.includes(controller);
}

/** In words for the job's author: what is left out for want of a controller, as it is Nomad's bookkeeping or the task's own wish. */
export function toUndelegatedNotice(what: string, controller: string, { cgroupControllers }: Delegated): string {
  return (
    `${what} not applied: it needs the cgroup controller ${controller}, and this rootless Podman has ` +
    `${cgroupControllers.join(", ")}; ${delegation}`
  );
}

const delegation = "have systemd delegate it to the user (Delegate= of user@.service), or use a rootful socket";

/** Refuses what would not be held where that would undo somebody's protection, or the place the task was made for. */
export function checkController(
  controller: string,
  key: string,
  { facts, report }: { readonly facts: EngineFacts; readonly report: Report },
): void {
  if (!lacksController(controller, facts)) return;
  const problem = `needs the cgroup controller ${controller}, and this rootless Podman has ${facts.cgroupControllers.join(", ")}`;
  report.refuse({ key, problem, remedy: delegation });
}
