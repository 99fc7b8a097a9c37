import { isIP } from "node:net";
import { join } from "node:path";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../config/report.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { whereTo } from "../topics/met.ts";
import { toHostAdd } from "../topics/network/extra-hosts.ts";
import { findAllocAddress, loopback } from "../topics/group-hosts.ts";
import type { HostLine } from "../topics/host-line.ts";
import { toHostsMount } from "../topics/storage/alloc-mounts.ts";
import type { PlanPart } from "../topics/topic.ts";
import type { WantedTask } from "../topics/topics.ts";

export interface HostsContext {
  readonly task: TaskConfig;
  /** The host name that has to stand in the file; undefined: Podman sees to it, or the task has another's name. */
  readonly name: string | undefined;
  readonly facts: EngineFacts;
  readonly report: Report;
}

/**
 * The task's /etc/hosts. Tasks of a group share one, which lies in the allocation under the name that Nomad's own drivers give it
 * (nomad 1.3 to 2.0: drivers/shared/hostnames), unless a task mounts a file of its own there. Any other task has one that Podman writes:
 * in a namespace of the host's without a line for the own name, which it has with every other network (podman 4.3 to 6.1).
 */
export function planHosts(wanted: WantedTask, { task, name, facts, report }: HostsContext): PlanPart {
  const { network: { network, group, hosts }, storage: { own, asked, selinuxLabel } } = wanted;
  const names = name === undefined ? [] : [name];
  const hasOwnFile = [...own, ...asked].some(({ destination }) => destination === "/etc/hosts");
  if (network.kind !== "group" || hasOwnFile || task.allocDir === "") {
    const address = isIP(group.address) === 0 ? loopback : group.address;
    const lines = [...toGroupLines(group), ...hosts];
    const missing = names.filter((one) => !lines.some((line) => line.name === one)).map((one) => ({ name: one, address }));
    const hostadd = toHostAdd([...lines, ...missing], { facts, report });
    return { spec: hostadd.length > 0 ? { hostadd } : {} };
  }
  const path = join(task.allocDir, "hosts");
  const address = group.address === "" ? findAllocAddress(task.env) : group.address;
  const ownLines = new Set(hosts.map((line) => line.name));
  const shared = {
    // Where the task gives its own name another address, that counts.
    names: [...new Set([...names, group.hostname])].filter((one) => one !== "" && !ownLines.has(one)),
    address,
    extra: hosts,
  };
  return {
    needs: [{ kind: "group-hosts", path, netnsPath: network.path, allocId: task.allocId, hosts: shared }],
    given: (met) => ({ mounts: [toHostsMount(whereTo(path, met), selinuxLabel)] }),
  };
}

/** The line that Nomad wants in each task of a group; without an address (network mode none) there is none. */
function toGroupLines({ hostname, address }: WantedTask["network"]["group"]): readonly HostLine[] {
  return hostname === "" || address === "" ? [] : [{ name: hostname, address }];
}
