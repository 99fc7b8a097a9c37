import type { MessageInitShape } from "@bufbuild/protobuf";
import { DriverError } from "../driver-error.ts";
import type { CreateNetworkRequestSchema, NetworkConnection } from "../gen/driver_pb.ts";
import type {
  NetworkIsolationSpec as IsolationMessage,
  NetworkIsolationSpecSchema,
  NetworkOverride,
  NetworkOverrideSchema,
} from "../gen/driver_types_pb.ts";
import type { DriverNetwork, NetworkIsolationSpec, NetworkWish } from "../task-driver.ts";
import { networkIsolationModes } from "./driver-enums.ts";
import { fromPortMessages, toPortMessages } from "./resources.ts";

/** A network namespace as its message. */
export function toIsolationMessage(spec: NetworkIsolationSpec): MessageInitShape<typeof NetworkIsolationSpecSchema> {
  return {
    mode: networkIsolationModes.toNumber(spec.mode),
    path: spec.path,
    labels: { ...spec.labels },
    ...(spec.hosts && { hostsConfig: { ...spec.hosts } }),
  };
}

/** A network namespace from its message. */
export function fromIsolationMessage(message: IsolationMessage): NetworkIsolationSpec {
  const hosts = message.hostsConfig;
  return {
    mode: networkIsolationModes.fromNumber(message.mode),
    path: message.path,
    labels: message.labels,
    hosts: hosts && { hostname: hosts.hostname, address: hosts.address },
  };
}

/** What is asked of an allocation's network as its message. */
export function toNetworkMessage(
  allocId: string,
  { hostname, connection }: NetworkWish,
): MessageInitShape<typeof CreateNetworkRequestSchema> {
  const { ports = [], isLoopbackOnly: loopbackOnly = false } = connection ?? {};
  return { allocId, hostname, ...(connection && { connection: { ports: toPortMessages(ports), loopbackOnly } }) };
}

/** What is asked of a network from its message. */
export function toNetworkWish(hostname: string, connection: NetworkConnection | undefined): NetworkWish {
  if (connection === undefined) return { hostname };
  const { ports, loopbackOnly } = connection;
  return { hostname, connection: { ports: fromPortMessages(ports), ...(loopbackOnly && { isLoopbackOnly: true }) } };
}

/** A task's own network as its message; ports beyond int32 are refused with Nomad's text. */
export function toOverrideMessage(network: DriverNetwork): MessageInitShape<typeof NetworkOverrideSchema> {
  const isPort = (port: number) => Number.isInteger(port) && Math.abs(port) <= 0x7fff_ffff;
  if (!Object.values(network.portMap).every(isPort)) throw new DriverError("failed", "port map out of bounds");
  return { portMap: { ...network.portMap }, addr: network.ip, autoAdvertise: network.autoAdvertise };
}

/** A task's own network from its message. */
export function fromOverrideMessage(message: NetworkOverride): DriverNetwork {
  return { ip: message.addr, portMap: message.portMap, autoAdvertise: message.autoAdvertise };
}
