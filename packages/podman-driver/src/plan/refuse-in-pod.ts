import { refuseOfPod } from "../topics/network/joined-pod.ts";
import type { Report } from "../config/report.ts";
import type { WantedTask } from "../topics/topics.ts";

/**
 * Refuses what a pod has for all of its members: Podman ignores some of it in silence, and refuses some without the key (podman
 * 4.3 to 6.1).
 */
export function refuseInPod({ network: { network }, dns, namespaces, process, storage }: WantedTask, report: Report): void {
  const { userns, others } = namespaces;
  const ofDns = Object.fromEntries(dns.setKeys.map((key) => [key, true]));
  const leaves = (kind: "ipc" | "uts"): boolean => others.some(({ of }) => of === kind);
  const hasOwnIds = userns !== undefined && userns.wanted.kind !== "host";
  const named = { hostname: process.hostname !== undefined && !leaves("uts") };
  const sized = { shm_size: storage.shmBytes > 0 && !leaves("ipc") };
  refuseOfPod(network, { ...ofDns, ...named, ...sized, ...(hasOwnIds && { [userns.key]: true }) }, report);
}
