import { basename, dirname } from "node:path";

const defaultParent = "nomad.slice";

/**
 * systemd's slice for a task's container, from the cgroup that Nomad names for the task (`nomad` 2.0:
 * `…/<cgroup_parent of the agent>/share.slice/<alloc>.<task>.scope`, or `reserve.slice`). What is no slice systemd would refuse;
 * then it is the agent's default.
 */
export function toCgroupParent(cpusetCgroup: string): string {
  const partition = dirname(cpusetCgroup);
  const parent = ["share.slice", "reserve.slice"].includes(basename(partition)) ? basename(dirname(partition)) : "";
  return /^[\w:.-]+\.slice$/.test(parent) ? parent : defaultParent;
}
