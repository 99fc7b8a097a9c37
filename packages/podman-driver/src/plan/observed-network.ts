import { isIPv6 } from "node:net";
import type { DriverNetwork } from "@driver/nomad-plugin";
import type { AdvertisedAddress } from "../topics/network/advertised.ts";

/** The network part of Podman's inspect answer. */
export interface ObservedNetwork {
  /** Filled for the default network only. */
  readonly ipAddress: string;
  readonly networks: Readonly<
    Record<string, { readonly ipAddress: string; readonly ipv6Address: string; readonly moreAddresses?: readonly string[] }>
  >;
}

const anyAddress: AdvertisedAddress = { network: undefined, prefersIpv6: false };

/**
 * The address the task has of its own, for Nomad's services. Undefined where it has none (host network, pasta,
 * slirp4netns, a joined namespace): services must then register the host's address and port, so nothing is advertised.
 * Where the network that is asked for has no address of the kind that is asked for, the next best one is told.
 */
export function toDriverNetwork(
  observed: ObservedNetwork,
  portMap: Readonly<Record<string, number>>,
  advertised = anyAddress,
): DriverNetwork | undefined {
  const [ip] = addressesOf(observed, advertised);
  return ip === undefined ? undefined : { ip, portMap, autoAdvertise: true };
}

/** All addresses of a task, the one that suits best first. */
export function addressesOf(observed: ObservedNetwork, { network, prefersIpv6 } = anyAddress): readonly string[] {
  const chosen = network === undefined ? undefined : observed.networks[network];
  const joined = Object.values(observed.networks);
  const inOrder = (one: { readonly ipAddress: string; readonly ipv6Address: string }): readonly string[] =>
    prefersIpv6 ? [one.ipv6Address, one.ipAddress] : [one.ipAddress, one.ipv6Address];
  const [ipv4, ipv6] = [[observed.ipAddress, ...joined.map((one) => one.ipAddress)], joined.map((one) => one.ipv6Address)];
  const others = prefersIpv6 ? [...ipv6, ...ipv4] : [...ipv4, ...ipv6];
  return [...(chosen === undefined ? [] : inOrder(chosen)), ...others].filter((address) => address !== "");
}

/** Fixed addresses that a task asks for and has not got: of several in one subnet Podman gives the first, without a word (podman 4.3). */
export function missingAddresses(observed: ObservedNetwork, asked: readonly string[]): readonly string[] {
  const given = [...addressesOf(observed), ...Object.values(observed.networks).flatMap(({ moreAddresses = [] }) => moreAddresses)].map(
    toCanonical,
  );
  return asked.filter((address) => !given.includes(toCanonical(address)));
}

/** IPv6 addresses have many spellings. */
function toCanonical(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}
