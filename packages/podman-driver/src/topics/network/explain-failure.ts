import type { PortMapping } from "@driver/nomad-plugin";
import { toMistake } from "../../config/report.ts";
import type { HostPort } from "../../host/port-holder.ts";
import type { Explanation } from "../topic.ts";
import type { WantedEndpoint } from "./endpoints.ts";

/** What a task asks of its network that Podman may refuse. */
export interface AskedNetwork {
  readonly endpoints: readonly WantedEndpoint[];
  /** The group's ports. */
  readonly ports: readonly PortMapping[];
}

const unknownNetwork = /unable to find network with name or ID (\S+): network not found/;
const unknownPod = /no pod with name or ID (\S+) found/;
const address = /requested (?:static ip|ip address) (\S+?) (?:not in any subnet|is already allocated)/;
/** As `tcp4 127.0.0.1:80` (podman 4.3 to 5.8, rootless too) or `tcp port :80` (6.1). */
const port = /\b(tcp|udp)[46]?(?: port)? (\S*):(\d+)\b.*(address already in use|cannot assign requested address)/i;

/** What Podman's words about a network mean for the job's author; undefined: they are about something else. */
export function explainNetworkFailure(podmanText: string, { endpoints, ports }: AskedNetwork): Explanation | undefined {
  const [, network] = unknownNetwork.exec(podmanText) ?? [];
  if (network !== undefined) {
    const [problem, remedy] = ["is no network of this Podman", "podman network ls shows those there are"];
    return { text: toMistake({ key: keyOf(network, endpoints), value: network, problem, remedy }).message };
  }
  const [, pod] = unknownPod.exec(podmanText) ?? [];
  if (pod !== undefined) {
    const [problem, remedy] = ["is no pod of this Podman", "podman pod ps shows those there are"];
    return { text: toMistake({ key: "pod", value: pod, problem, remedy }).message };
  }
  const [, ip] = address.exec(podmanText) ?? [];
  if (ip !== undefined) return { text: `the address ${ip} is asked for by ${keyOfAddress(ip, endpoints)} of the task's config` };
  const [, protocol = "", host = "", number, trouble] = port.exec(podmanText) ?? [];
  if (number === undefined) return undefined;
  const hostPort: HostPort = {
    protocol: protocol.toLowerCase() === "udp" ? "udp" : "tcp",
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: Number(number),
  };
  const text = `${describePort(hostPort, ports)} cannot be published`;
  // Podman writes both in small letters (podman 4.3 to 6.1).
  return trouble === "address already in use"
    ? { text, takenPort: hostPort }
    : { text: `${text}: this host does not have the address ${host}` };
}

/** One number may be several ports of a group, each on the address of another host network. */
function describePort({ protocol, host, port: number }: HostPort, ports: readonly PortMapping[]): string {
  const numbered = ports.filter(({ hostPort }) => hostPort === number);
  const exact = numbered.filter(({ hostIp }) => hostIp === host);
  const labels = (exact.length > 0 ? exact : numbered).map(({ label }) => JSON.stringify(label));
  return labels.length === 0 ? `port ${number}/${protocol}` : `port ${labels.join(", ")} of the group (${number}/${protocol})`;
}

function keyOf(network: string, endpoints: readonly WantedEndpoint[]): string {
  return endpoints.find((one) => one.network === network)?.key ?? "network_mode";
}

function keyOfAddress(ip: string, endpoints: readonly WantedEndpoint[]): string {
  const index = endpoints.findIndex(({ spec }) => spec.static_ips?.includes(ip));
  const { network = "" } = endpoints[index] ?? {};
  return endpoints.length > 1 ? `networks[${index}] (${JSON.stringify(network)})` : "ipv4_address, ipv6_address or static_ips";
}
