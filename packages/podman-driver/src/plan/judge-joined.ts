import { refuseOfPod } from "../topics/network/joined-pod.ts";
import type { Report } from "../topics/report.ts";
import type { WantedTask } from "../topics/topics.ts";

/**
 * What a task cannot have, or has in vain, since it is in a network that is another's: Podman ignores some of it in silence, and
 * refuses some without the key (podman 4.3 to 6.1).
 * @returns what the task's owner should know
 */
export function judgeJoined(
  { network: { network }, dns, namespaces, process, storage }: Pick<WantedTask, "network" | "dns" | "namespaces" | "process" | "storage">,
  report: Report,
): readonly string[] {
  const { userns, others } = namespaces;
  const ofDns = Object.fromEntries(dns.setKeys.map((key) => [key, true]));
  const leaves = (kind: "ipc" | "uts"): boolean => others.some(({ of }) => of === kind);
  const hasOwnIds = userns !== undefined && userns.wanted.kind !== "host";
  const named = { hostname: process.hostname !== undefined && !leaves("uts") };
  const sized = { shm_size: storage.shmBytes > 0 && !leaves("ipc") };
  refuseOfPod(network, { ...ofDns, ...named, ...sized, ...(hasOwnIds && { [userns.key]: true }) }, report);
  if ((network.kind !== "task" && network.kind !== "container") || dns.isGroups) return [];
  return dns.setKeys.map((key) => `${key} is not used: the task has the resolver of the container whose network it joins`);
}
