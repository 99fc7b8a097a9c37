import { isIP } from "node:net";
import { type EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";
import { hostGateway, type HostLine } from "../host-line.ts";
import { refuseBefore } from "../refuse-before.ts";
import { describeNetwork, type WantedNetwork } from "./network-mode.ts";

const key = "extra_hosts";

/** Entries as `host:ip`, also `a;b:ip` and `host:[ip]`. Podman writes down whatever it is given (podman 4.3 to 6.1). */
export function toExtraHosts(entries: readonly string[], report: Report): readonly HostLine[] {
  return entries.flatMap((entry) => {
    const [names = "", address = ""] = splitOnce(entry);
    const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address;
    const isAddress = bare === hostGateway || isIP(bare) !== 0;
    const all = names.split(";");
    if (isAddress && all.every((name) => /^[^\s#;:]+$/.test(name))) return all.map((name) => ({ name, address: bare }));
    const problem = isAddress ? "names no host" : "has no IP address behind the first colon";
    report.refuse({ key, value: entry, problem, remedy: `write host:ip, e.g. db.internal:192.0.2.10, or host:${hostGateway}` });
    return [];
  });
}

/** A task in another container's network has that container's /etc/hosts, to which Podman refuses to add. */
export function refuseJoinedHosts(network: WantedNetwork, report: Report): void {
  if (network.kind !== "task" && network.kind !== "container" && network.kind !== "pod") return;
  const problem = `cannot be set with ${describeNetwork(network)}, whose /etc/hosts the task has`;
  report.refuse({ key, problem, remedy: "set it where that network is made, or use another network_mode" });
}

/** As Podman takes them. Up to 4.6 it would write down the word `host-gateway` itself. */
export function toHostAdd(
  hosts: readonly HostLine[],
  { facts, report }: { readonly facts: EngineFacts; readonly report: Report },
): readonly string[] {
  if (hosts.some(({ address }) => address === hostGateway)) {
    const remedy = "write the address of the host on the task's network";
    refuseBefore({ key, value: hostGateway, since: [4, 7], remedy }, { facts, report });
  }
  return hosts.map(({ name, address }) => `${name}:${address}`);
}

function splitOnce(entry: string): readonly string[] {
  const at = entry.indexOf(":");
  return at === -1 ? [entry] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}
