import { DriverError, type TaskConfig } from "@driver/nomad-plugin";

/** A published port in Podman's spelling. */
export interface PodmanPort {
  readonly container_port: number;
  readonly host_port: number;
  readonly host_ip: string;
  readonly protocol: "tcp" | "udp";
}

/** Each label of `ports` is published for tcp and udp, as the Go and Docker drivers do. */
export function planPorts(task: TaskConfig, labels: readonly string[]): PodmanPort[] {
  const { ports } = task.resources;
  if (labels.length > 0 && ports.length === 0) {
    throw new DriverError("config-invalid", `ports: the group's network block defines no ports, so ${quote(labels)} cannot be published${toMove(task)}`);
  }
  return labels.flatMap((label) => {
    const port = ports.find((one) => one.label === label);
    if (port === undefined) {
      throw new DriverError("config-invalid", `ports: "${label}" is no port of the group's network block: it has ${quote(ports.map((one) => one.label))}`);
    }
    const container_port = port.to > 0 ? port.to : port.hostPort;
    return (["tcp", "udp"] as const).map((protocol) => ({ container_port, host_port: port.hostPort, host_ip: port.hostIp, protocol }));
  });
}

/** What becomes of ports in the network block that a task could have of its own up to Nomad 0.12, and still can. */
export function describeOwnPorts({ resources }: TaskConfig): string | undefined {
  const labels = resources.networks.flatMap(({ reservedPorts, dynamicPorts }) => [...reservedPorts, ...dynamicPorts]).map(({ label }) => label);
  if (labels.length === 0) return undefined;
  return `the task's own network block (resources.network) publishes nothing: move ${quote(labels)} to the group's network block, and name what is to be published in ports`;
}

function toMove(task: TaskConfig): string {
  const advice = describeOwnPorts(task);
  return advice === undefined ? "" : `; ${advice}`;
}

function quote(labels: readonly string[]): string {
  return labels.map((label) => `"${label}"`).join(", ");
}
