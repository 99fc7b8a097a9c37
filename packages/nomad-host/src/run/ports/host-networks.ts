import { BlockList, isIP } from "node:net";
import os from "node:os";

import { RunError } from "../run-error.ts";

type Interfaces = ReturnType<typeof os.networkInterfaces>;

/**
 * This machine's address in each host network: the first one in the range. Rejects with `host-failed` for a range that is
 * none, and where the machine has no address.
 */
export function resolveHostNetworks(
  ranges: ReadonlyMap<string, string>,
  interfaces: Interfaces = os.networkInterfaces(),
): ReadonlyMap<string, string> {
  return new Map([...ranges].map(([name, range]) => [name, findAddress(name, range, interfaces)]));
}

function findAddress(name: string, range: string, interfaces: Interfaces): string {
  const title = `host network ${JSON.stringify(name)}`;
  const subnet = toSubnet(range);
  if (subnet === undefined) throw new RunError("host-failed", `${title}: ${JSON.stringify(range)} is no range such as "10.0.0.0/8"`);
  const addresses = Object.values(interfaces).flatMap((list) => list ?? []);
  const found = addresses.find(({ address, family }) => subnet.check(address, family === "IPv6" ? "ipv6" : "ipv4"));
  if (found === undefined) throw new RunError("host-failed", `${title}: this machine has no address in ${range}`);
  return found.address;
}

function toSubnet(range: string): BlockList | undefined {
  const [, address = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
  const version = isIP(address);
  const bits = Number(length);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const subnet = new BlockList();
  subnet.addSubnet(address, bits, version === 6 ? "ipv6" : "ipv4");
  return subnet;
}
