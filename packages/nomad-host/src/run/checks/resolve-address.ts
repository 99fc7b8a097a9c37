import type { DriverNetwork } from "@driver/nomad-plugin";

import type { AllocatedPort } from "../ports/allocated-port.ts";
import type { PlannedCheck } from "./planned-check.ts";

/** What is known of the places at which an allocation is reached. */
export interface ReachablePlaces {
  readonly ports: readonly AllocatedPort[];
  /** Of the group's own network; undefined: it has none. */
  readonly allocAddress: string | undefined;
  /** What the driver told of the task's network. */
  readonly driverNetwork: DriverNetwork | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

type Wish = Pick<PlannedCheck, "addressMode" | "portLabel" | "serviceAddress">;
type Answer = Endpoint | { readonly problem: string };

/** Where a check looks (`nomad`: serviceregistration.GetAddress). */
export function resolveAddress(wish: Wish, places: ReachablePlaces): Answer {
  const { addressMode, serviceAddress } = wish;
  const mode = addressMode === "" ? "host" : addressMode;
  // Without a mode of its own a check inherits the service's address.
  if (serviceAddress !== "" && addressMode === "") return toCustom(wish, places);
  if (serviceAddress !== "") return { problem: `the service's own address does not go with address_mode "${mode}"` };
  if (mode === "driver") return toDriver(wish, places);
  if (mode === "alloc" || mode === "alloc_ipv6") return toAlloc(wish, places);
  return toHost(wish, places);
}

function toCustom({ serviceAddress: host, portLabel }: Wish, { ports }: ReachablePlaces): Answer {
  const port = findPort(portLabel, ports)?.hostPort ?? toNumber(portLabel);
  return port === undefined ? noSuchPort(portLabel) : { host, port };
}

function toHost({ portLabel }: Wish, { ports }: ReachablePlaces): Answer {
  const known = findPort(portLabel, ports);
  if (known !== undefined) return { host: known.hostIp, port: known.hostPort };
  const port = toNumber(portLabel);
  // A number without a label is looked for on this machine.
  return port === undefined ? noSuchPort(portLabel) : { host: "localhost", port };
}

function toDriver({ portLabel }: Wish, { ports, driverNetwork }: ReachablePlaces): Answer {
  if (driverNetwork === undefined || driverNetwork.ip === "")
    return { problem: 'address_mode "driver": the driver tells of no network of the task' };
  const port = findPort(portLabel, ports)?.to ?? driverNetwork.portMap[portLabel] ?? toNumber(portLabel);
  return port === undefined ? noSuchPort(portLabel) : { host: driverNetwork.ip, port };
}

function toAlloc({ addressMode, portLabel }: Wish, { ports, allocAddress }: ReachablePlaces): Answer {
  if (allocAddress === undefined)
    return { problem: `address_mode "${addressMode}": the group has no network of its own; it needs mode = "bridge"` };
  if (addressMode === "alloc_ipv6") return { problem: 'address_mode "alloc_ipv6": the group\'s network has no such address' };
  const known = findPort(portLabel, ports);
  const port = known === undefined ? toNumber(portLabel) : known.to > 0 ? known.to : known.hostPort;
  return port === undefined ? noSuchPort(portLabel) : { host: allocAddress, port };
}

function findPort(wanted: string, ports: readonly AllocatedPort[]): AllocatedPort | undefined {
  return ports.find(({ label }) => label === wanted);
}

/** Undefined: it is no port's number. */
function toNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65_536 ? port : undefined;
}

function noSuchPort(label: string): Answer {
  return { problem: `port ${JSON.stringify(label)} is neither a label of the group's ports nor a number` };
}
