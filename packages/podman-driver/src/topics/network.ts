import { isIP } from "node:net";
import type { NamespaceSpec, PortMappingSpec } from "@driver/libpod";
import { attr, mapAttr, type TaskConfig } from "@driver/nomad-plugin";
import { isAtLeast, type EngineFacts } from "../engine/engine-facts.ts";
import { toExtraHosts, toHostAdd } from "./network/extra-hosts.ts";
import { toPortEnv, toPortMap } from "./network/port-map.ts";
import type { Report } from "./report.ts";
import { topic } from "./topic.ts";

/** The network a task asks for. */
type WantedNetwork =
  /** The group's namespace wins over `network_mode`, as it always has with Podman tasks; `unusedMode` is what it won over. */
  { readonly kind: "group"; readonly path: string; readonly unusedMode: string } | { readonly kind: "own"; readonly mode: string | undefined };

/** How the container reaches others and is reached. */
export const networkTopic = topic({
  fields: {
    network_mode: attr.string({ only: "bridge, host, none", help: "bridge, host, none, pasta, slirp4netns, container:id, ns:path, task:name, or a Podman network." }),
    ipv4_address: attr.string({ notYet: true, help: "Fixed IPv4 address." }),
    ipv6_address: attr.string({ notYet: true, help: "Fixed IPv6 address." }),
    static_ips: attr.list("string", { notYet: true, help: "More fixed addresses." }),
    static_mac: attr.string({ notYet: true, help: "Fixed MAC address." }),
    extra_hosts: attr.list("string", { help: "Entries of /etc/hosts as host:ip; host-gateway for the host needs Podman 4.7." }),
    ports: attr.list("string", { help: "Labels of the group's ports to publish." }),
    port_map: mapAttr("number", { deprecated: "ports", help: "Container ports by label, for the group's or the task's own ports." }),
  },
  want: ({ network_mode: mode, ports, port_map: portMap, extra_hosts: extraHosts }, { task, report, wish }) => {
    const network = toNetwork(task, mode, report);
    if (network.kind === "own") wish({ kind: "namespace", key: "network_mode", of: "network", ...toPolicyMode(mode) });
    return {
      network,
      ports: toPorts(task, ports, report),
      ...toPortMap(task, portMap, ports, report),
      hosts: toHosts(task, report),
      extraHosts: toExtraHosts(extraHosts, report),
    };
  },
  plan: ({ network, ports: labelled, published, portMap, unusedLabels, hosts, extraHosts }, { task, settings, facts, report }) => {
    const netns = toNamespace(network, settings.defaultRootlessMode, { facts, report });
    const ports = [...labelled, ...published];
    const hostadd = [...hosts, ...toHostAdd(extraHosts, { facts, report })];
    // Podman drops published ports with a warning where the container has no network of its own.
    const publishes = ports.length > 0 && !["host", "none", "path"].includes(netns.nsmode);
    return {
      spec: { netns, ...(publishes && { portmappings: ports }), ...(hostadd.length > 0 && { hostadd }) },
      // The group's network has its own way to its ports, and Nomad tells them.
      env: network.kind === "group" ? {} : toPortEnv(portMap),
      notices: toNotices(network, { ports, unusedLabels, publishesMapped: published.length > 0, nsmode: netns.nsmode, task }),
    };
  },
});

const plainModes = ["bridge", "host", "none"];

/** Without a mode it is one of three, by the engine and the operator. */
function toPolicyMode(mode: string | undefined): { readonly mode: string; readonly alike?: readonly string[] } {
  return mode === undefined ? { mode: "default", alike: ["bridge", "pasta", "slirp4netns"] } : { mode };
}

function toNetwork(task: TaskConfig, mode: string | undefined, report: Report): WantedNetwork {
  const path = task.networkIsolation?.path ?? "";
  if (path !== "") return { kind: "group", path, unusedMode: mode ?? "" };
  if (mode !== undefined && !plainModes.includes(mode)) {
    report.refuse({ key: "network_mode", value: mode, problem: "is not supported yet", remedy: `use one of ${plainModes.join(", ")}`, code: "unsupported" });
  }
  return { kind: "own", mode };
}

function toNamespace(network: WantedNetwork, defaultRootlessMode: string, { facts, report }: { readonly facts: EngineFacts; readonly report: Report }): NamespaceSpec {
  if (network.kind === "own") return { nsmode: network.mode ?? toDefaultMode(facts, defaultRootlessMode) };
  if (facts.rootless) {
    const problem = "a rootless Podman cannot join the group's network namespace, which belongs to root";
    report.refuse({ key: "network", problem, remedy: "remove the group's network mode or use a rootful socket" });
  }
  return { nsmode: "path", value: network.path };
}

function toDefaultMode(facts: EngineFacts, defaultRootlessMode: string): string {
  if (!facts.rootless) return "bridge";
  if (defaultRootlessMode !== "") return defaultRootlessMode;
  return isAtLeast(facts, [5, 0]) ? "pasta" : "slirp4netns";
}

/** Each label of `ports` is published for tcp and udp, as the Go and Docker drivers do. */
function toPorts(task: TaskConfig, labels: readonly string[], report: Report): readonly PortMappingSpec[] {
  const { ports } = task.resources;
  if (labels.length > 0 && ports.length === 0) {
    const advice = describeOwnPorts(task) ?? "give the group a network block with these ports";
    report.refuse({ key: "ports", problem: `the group's network block defines no ports, so ${quote(labels)} cannot be published`, remedy: advice });
    return [];
  }
  return labels.flatMap((label) => {
    const port = ports.find((one) => one.label === label);
    if (port === undefined) {
      report.refuse({ key: "ports", value: label, problem: "is no port of the group's network block", remedy: `it has ${quote(ports.map((one) => one.label))}` });
      return [];
    }
    const containerPort = port.to > 0 ? port.to : port.hostPort;
    return ["tcp", "udp"].map((protocol) => ({ container_port: containerPort, host_port: port.hostPort, host_ip: port.hostIp, protocol }));
  });
}

/** What becomes of ports in the network block that a task could have of its own up to Nomad 0.12, and still can. */
function describeOwnPorts({ resources }: TaskConfig): string | undefined {
  const labels = resources.networks.flatMap(({ reservedPorts, dynamicPorts }) => [...reservedPorts, ...dynamicPorts]).map(({ label }) => label);
  if (labels.length === 0) return undefined;
  return `the task's own network block (resources.network) publishes nothing: move ${quote(labels)} to the group's network block, and name what is to be published in ports`;
}

/** The line of /etc/hosts that Nomad wants in each task of a group. Podman writes down whatever it is given (podman 4.3 to 6.1). */
function toHosts({ networkIsolation }: TaskConfig, report: Report): readonly string[] {
  const { hostname = "", address = "" } = networkIsolation?.hosts ?? {};
  if (hostname === "") return [];
  if (isIP(address) === 0) {
    report.refuse({ key: "network.hostname", value: hostname, problem: `has the address "${address}", which is not an IP address`, remedy: "the group's network gives it" });
  }
  return [`${hostname}:${address}`];
}

interface NoticeContext {
  readonly ports: readonly unknown[];
  /** Labels of `port_map` that no port has. */
  readonly unusedLabels: readonly string[];
  /** True: ports are published by `port_map`. */
  readonly publishesMapped: boolean;
  readonly nsmode: string;
  readonly task: TaskConfig;
}

const unusedPortMap = "port_map is not used: the task joins its group's network, where a port block says to which port it leads (to)";

function toNotices(network: WantedNetwork, { ports, unusedLabels, publishesMapped, nsmode, task }: NoticeContext): readonly string[] {
  const unused = network.kind === "group" && network.unusedMode !== "";
  const reasons: Readonly<Record<string, string>> = { host: "the task listens on the host's own ports", none: "the task has no network" };
  const reason = ports.length > 0 ? reasons[nsmode] : undefined;
  const ownPorts = nsmode === "host" || publishesMapped ? undefined : describeOwnPorts(task);
  return [
    ...(unused ? [`network_mode "${network.unusedMode}" is not used: the task joins its group's network`] : []),
    ...(reason === undefined ? [] : [`ports are not published: with network_mode "${nsmode}" ${reason}`]),
    ...(network.kind === "group" && publishesMapped ? [unusedPortMap] : []),
    ...(unusedLabels.length > 0 ? [`port_map has no effect for ${quote(unusedLabels)}: the task's network block has no such port`] : []),
    ...(ownPorts === undefined ? [] : [ownPorts]),
  ];
}

function quote(labels: readonly string[]): string {
  return labels.map((label) => `"${label}"`).join(", ");
}
