import { isIP } from "node:net";
import type { TaskConfig } from "@driver/nomad-plugin";
import { toRefusal } from "../config/report.ts";
import type { HostNames } from "../host/host-names.ts";
import { hostGateway, type HostLine } from "./host-line.ts";

/** The lines that a task asks for in the hosts file that it shares with its group. */
export interface GroupHosts {
  /** What it and its group are called. */
  readonly names: readonly string[];
  /** The group's address; undefined: nobody has told it. */
  readonly address: string | undefined;
  /** The task's own lines. */
  readonly extra: readonly HostLine[];
}

/** Where nobody says what address a network namespace has. */
export const loopback = "127.0.0.1";
/** Names of the host in every container of Podman's (the second since 5.3). */
const hostsOfHost = ["host.containers.internal", "host.docker.internal"];

/**
 * The group's hosts file with what a task asks for; the same text where it has that already. What is new stands first, since the first
 * line of a name counts. A line stays as long as the file, whoever wrote it, but for a former address of the group's own names.
 * `found` undefined: there is no file yet.
 * @throws DriverError for a host-gateway where the host has no address
 */
export function addToGroupHosts(found: string | undefined, wanted: GroupHosts, host: HostNames): string {
  const lines = (found ?? toFirstText(host)).split("\n").filter((line, index, all) => line !== "" || index < all.length - 1);
  const { names, address, extra } = wanted;
  const known = lines.flatMap(toEntries);
  const own = names.flatMap((name): readonly HostLine[] => {
    const isThere = known.some((entry) => entry.name === name && (address === undefined || entry.address === address));
    return isThere ? [] : [{ name, address: address ?? loopback }];
  });
  const kept = lines.filter((line) => !own.some(({ name }) => isLineOf(line, name)));
  const asked = extra.map((entry) => (entry.address === hostGateway ? { ...entry, address: toGateway(host) } : entry));
  const missing = asked.filter((entry) => !known.some(({ name, address: its }) => name === entry.name && its === entry.address));
  return [...[...own, ...missing].map(toLine), ...kept, ""].join("\n");
}

function toGateway({ address }: HostNames): string {
  if (address !== undefined) return address;
  const problem = "is nowhere, as this host has no address but loopback";
  throw toRefusal({ key: "extra_hosts", value: hostGateway, problem, remedy: "write the address that is meant" });
}

/** What Podman writes into the hosts file of every container. */
function toFirstText({ hostsFile, address }: HostNames): string {
  const ofHost = hostsFile.split("\n").filter((line) => toEntries(line).length > 0);
  const names = ofHost.flatMap(toEntries).map(({ name }) => name);
  return [
    ...(names.includes("localhost") ? [] : [`${loopback}\tlocalhost`, "::1\tlocalhost"]),
    ...ofHost,
    ...(address === undefined ? [] : [`${address}\t${hostsOfHost.join(" ")}`]),
    "",
  ].join("\n");
}

/** The address that Nomad's client has given the group, by a port of it (nomad 1.3 to 2.0); undefined: it has no port, or none is told. */
export function findAllocAddress(env: TaskConfig["env"]): string | undefined {
  return Object.entries(env).find(([key, value]) => key.startsWith("NOMAD_ALLOC_IP_") && isIP(value) !== 0)?.[1];
}

function toEntries(line: string): readonly HostLine[] {
  const [address = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
  return isIP(address) === 0 ? [] : names.map((name) => ({ name, address }));
}

/** Whether a line gives an address to one name alone, as those do that are written here. */
function isLineOf(line: string, name: string): boolean {
  const entries = toEntries(line);
  return entries.length === 1 && entries[0]?.name === name;
}

function toLine({ name, address }: HostLine): string {
  return `${address}\t${name}`;
}
