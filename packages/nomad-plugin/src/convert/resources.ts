import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  LinuxResources as LinuxMessage,
  LinuxResourcesSchema,
  NetworkPort,
  NetworkResource as NetworkMessage,
  NetworkResourceSchema,
  PortMapping as PortMessage,
  PortMappingSchema,
  Resources,
  ResourcesSchema,
} from "../gen/driver_types_pb.ts";
import type { LinuxResources, NetworkResource, PortMapping, TaskResources } from "../task-driver.ts";
import { toFinite, toInt32, toInt64 } from "./numbers.ts";

/** A task's share of the node as its message. */
export function toResourcesMessage(resources: TaskResources): MessageInitShape<typeof ResourcesSchema> {
  return {
    allocatedResources: {
      cpu: { cpuShares: toInt64(resources.cpuShares) },
      memory: { memoryMb: toInt64(resources.memoryMb), memoryMaxMb: toInt64(resources.memoryMaxMb) },
      networks: resources.networks.map(toNetworkMessage),
    },
    linuxResources: toLinuxMessage(resources.linux),
    ports: toPortMessages(resources.ports),
  };
}

/** A task's share of the node from its message; what is absent counts as 0 or empty. */
export function fromResourcesMessage(message: Resources | undefined): TaskResources {
  const allocated = message?.allocatedResources;
  return {
    cpuShares: Number(allocated?.cpu?.cpuShares ?? 0n),
    memoryMb: Number(allocated?.memory?.memoryMb ?? 0n),
    memoryMaxMb: Number(allocated?.memory?.memoryMaxMb ?? 0n),
    networks: (allocated?.networks ?? []).map(fromNetworkMessage),
    linux: fromLinuxMessage(message?.linuxResources),
    ports: fromPortMessages(message?.ports ?? []),
  };
}

function toNetworkMessage(network: NetworkResource): MessageInitShape<typeof NetworkResourceSchema> {
  const toPort = ({ label, port }: { readonly label: string; readonly port: number }) => ({ label, value: toInt32(port) });
  return {
    device: network.device,
    cidr: network.cidr,
    ip: network.ip,
    reservedPorts: network.reservedPorts.map(toPort),
    dynamicPorts: network.dynamicPorts.map(toPort),
  };
}

function fromNetworkMessage(message: NetworkMessage): NetworkResource {
  const fromPort = ({ label, value }: NetworkPort) => ({ label, port: value });
  return {
    device: message.device,
    cidr: message.cidr,
    ip: message.ip,
    reservedPorts: message.reservedPorts.map(fromPort),
    dynamicPorts: message.dynamicPorts.map(fromPort),
  };
}

function toLinuxMessage(linux: LinuxResources): MessageInitShape<typeof LinuxResourcesSchema> {
  return {
    cpuPeriod: toInt64(linux.cpuPeriodUs),
    cpuQuota: toInt64(linux.cpuQuotaUs),
    cpuShares: toInt64(linux.cpuShares),
    memoryLimitBytes: toInt64(linux.memoryLimitBytes),
    oomScoreAdj: toInt64(linux.oomScoreAdj),
    cpusetCpus: linux.cpusetCpus,
    cpusetCgroup: linux.cpusetCgroup,
    PercentTicks: toFinite(linux.percentTicks),
  };
}

function fromLinuxMessage(message: LinuxMessage | undefined): LinuxResources {
  return {
    cpuPeriodUs: Number(message?.cpuPeriod ?? 0n),
    cpuQuotaUs: Number(message?.cpuQuota ?? 0n),
    cpuShares: Number(message?.cpuShares ?? 0n),
    memoryLimitBytes: Number(message?.memoryLimitBytes ?? 0n),
    oomScoreAdj: Number(message?.oomScoreAdj ?? 0n),
    cpusetCpus: message?.cpusetCpus ?? "",
    cpusetCgroup: message?.cpusetCgroup ?? "",
    percentTicks: message?.PercentTicks ?? 0,
  };
}

/** Mapped ports as their messages. */
export function toPortMessages(ports: readonly PortMapping[]): MessageInitShape<typeof PortMappingSchema>[] {
  return ports.map((port) => ({ label: port.label, value: toInt32(port.hostPort), to: toInt32(port.to), hostIp: port.hostIp }));
}

/** Mapped ports from their messages. */
export function fromPortMessages(messages: readonly PortMessage[]): readonly PortMapping[] {
  return messages.map((port) => ({ label: port.label, hostPort: port.value, to: port.to, hostIp: port.hostIp }));
}
