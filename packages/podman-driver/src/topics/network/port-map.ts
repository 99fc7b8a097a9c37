import type { PortMappingSpec } from "@driver/libpod";
import type { PortMapping, TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";

export interface WantedPortMap {
  /** Container port by label, for Nomad. */
  readonly portMap: Readonly<Record<string, number>>;
  readonly published: readonly PortMappingSpec[];
  /** Labels that no port has. */
  readonly unusedLabels: readonly string[];
}

const key = "port_map";
const none: WantedPortMap = { portMap: {}, published: [], unusedLabels: [] };

type Ports = Readonly<Record<string, number>>;

/**
 * The old way to publish ports, with the port inside the container by label. Of a group's ports those are published that are
 * named; of the network block that a task could have of its own all of them, as ever, on the same port where none is named.
 */
export function toPortMap(task: TaskConfig, portMap: Ports, labels: readonly string[], report: Report): WantedPortMap {
  const names = Object.keys(portMap);
  if (names.length === 0) return none;
  if (labels.length > 0) {
    report.refuse({
      key,
      problem: "cannot be set together with ports",
      remedy: "remove port_map, and say in the group's network block which port is meant (to)",
    });
    return none;
  }
  const wrong = names.filter((name) => !isPort(portMap[name] ?? 0));
  for (const name of wrong) {
    report.refuse({ key: `${key}.${name}`, value: portMap[name], problem: "is no port", remedy: "1 to 65535 would be right" });
  }
  if (wrong.length > 0) return none;
  return task.resources.ports.length > 0 ? ofGroup(task, portMap, report) : ofTask(task, portMap, report);
}

/** `NOMAD_PORT_…` tells the port inside the container, as the Go driver has it. */
export function toPortEnv(portMap: Ports): Readonly<Record<string, string>> {
  const toName = (label: string): string => `NOMAD_PORT_${label.replace(/[^A-Za-z0-9_.]/g, "_")}`;
  return Object.fromEntries(Object.entries(portMap).map(([label, port]) => [toName(label), String(port)]));
}

function ofGroup({ resources: { ports } }: TaskConfig, portMap: Ports, report: Report): WantedPortMap {
  const published = Object.entries(portMap).flatMap(([label, containerPort]) => {
    const port = ports.find((one) => one.label === label);
    if (port !== undefined) return publish({ containerPort, hostPort: port.hostPort, hostIp: port.hostIp });
    const remedy = `it has ${ports.map((one) => `"${one.label}"`).join(", ")}`;
    report.refuse({ key: `${key}.${label}`, problem: "is no port of the group's network block", remedy });
    return [];
  });
  return { portMap, published, unusedLabels: [] };
}

function ofTask({ resources: { networks } }: TaskConfig, portMap: Ports, report: Report): WantedPortMap {
  const [network] = networks;
  if (network === undefined) {
    report.refuse({
      key,
      problem: "has no ports to map",
      remedy: "give the group a network block with these ports, and name them in ports",
    });
    return none;
  }
  const all = [...network.reservedPorts, ...network.dynamicPorts];
  return {
    portMap,
    published: all.flatMap(({ label, port }) => {
      const containerPort = (Object.hasOwn(portMap, label) ? portMap[label] : undefined) ?? port;
      return publish({ containerPort, hostPort: port, hostIp: network.ip });
    }),
    unusedLabels: Object.keys(portMap).filter((label) => !all.some((port) => port.label === label)),
  };
}

interface Published {
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

/** A port of the group as Podman publishes it, for tcp and udp, as the Go and Docker drivers do. */
export function publishPort({ to, hostPort, hostIp }: PortMapping): readonly PortMappingSpec[] {
  return publish({ containerPort: to > 0 ? to : hostPort, hostPort, hostIp });
}

function publish({ containerPort, hostPort, hostIp }: Published): readonly PortMappingSpec[] {
  return ["tcp", "udp"].map((protocol) => ({ container_port: containerPort, host_port: hostPort, host_ip: hostIp, protocol }));
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
