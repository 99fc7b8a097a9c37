import type { EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../report.ts";

/** A limit that a rootless user's cgroups cannot hold would fail every start (podman 5.4 with crun). */
export function checkController(
  controller: string,
  key: string,
  { facts, report }: { readonly facts: EngineFacts; readonly report: Report },
): void {
  const { rootless, cgroupControllers } = facts;
  if (!rootless || cgroupControllers.length === 0 || cgroupControllers.includes(controller)) return;
  const problem = `needs the cgroup controller ${controller}, and this rootless Podman has ${cgroupControllers.join(", ")}`;
  report.refuse({ key, problem, remedy: "have systemd delegate it to the user (Delegate= of user@.service), or use a rootful socket" });
}
