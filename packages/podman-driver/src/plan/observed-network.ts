import type { DriverNetwork } from "@driver/nomad-plugin";

/** The network part of Podman's inspect answer. */
export interface ObservedNetwork {
  /** Filled for the default network only. */
  readonly ipAddress: string;
  readonly networks: Readonly<Record<string, { readonly ipAddress: string; readonly ipv6Address: string }>>;
}

/**
 * The address the task has of its own, for Nomad's services. Undefined where it has none (host network, pasta,
 * slirp4netns): services must then register the host's address and port, so nothing is advertised.
 */
export function toDriverNetwork(observed: ObservedNetwork, portMap: Readonly<Record<string, number>>): DriverNetwork | undefined {
  const joined = Object.values(observed.networks);
  const candidates = [observed.ipAddress, ...joined.map((one) => one.ipAddress), ...joined.map((one) => one.ipv6Address)];
  const ip = candidates.find((address) => address !== "");
  return ip === undefined ? undefined : { ip, portMap, autoAdvertise: true };
}
