import { isIP } from "node:net";
import type { NamespaceSpec, PortMappingSpec } from "@driver/libpod";
import { attr, mapAttr, type TaskConfig } from "@driver/nomad-plugin";
import { blame } from "../blame.ts";
import { toJoinSuspects, toTaskNeeds } from "../namespaces/joined-namespace.ts";
import { advertisedFields, toAdvertised } from "./advertised.ts";
import { endpointFields, toEndpoints, type WantedEndpoint } from "./endpoints.ts";
import { explainNetworkFailure } from "./explain-failure.ts";
import { refuseJoinedHosts, toExtraHosts } from "./extra-hosts.ts";
import { refuseOfPod, toJoinedPod, toPodWishes } from "./joined-pod.ts";
import { describeNetwork, toNetwork, type WantedNetwork } from "./network-mode.ts";
import { toEndpointNotices, toUnusedKeys } from "./network-notices.ts";
import { planNetns } from "./plan-netns.ts";
import { publishPort, toPortEnv, toPortMap } from "./port-map.ts";
import { namespaceById } from "../met.ts";
import type { Report } from "../../config/report.ts";
import { topic, type Need } from "../topic.ts";
import type { Wish } from "../wish.ts";

/** How the container reaches others and is reached. */
export const networkTopic = topic({
  fields: {
    network_mode: attr.string({
      needs: "pasta: 4.4; slirp4netns: before 6.0",
      help:
        "bridge, host, none, pasta, slirp4netns, container:id, ns:path, task:name, or a Podman network; not set: the group's, else " +
        "bridge, or what the plugin's networking says of a rootless Podman.",
    }),
    pod: attr.string({ help: "Name of an existing pod of Podman's to join, in place of network_mode." }),
    ...endpointFields,
    ...advertisedFields,
    extra_hosts: attr.list("string", { needs: "host-gateway: 4.7", help: "Entries of /etc/hosts as host:ip; host-gateway for the host." }),
    ports: attr.list("string", { help: "Labels of the group's ports to publish, for tcp and udp; for one protocol alone as dns/udp." }),
    port_map: mapAttr("number", { deprecated: "ports", help: "Container ports by label, for the group's or the task's own ports." }),
  },
  want: ({ network_mode: text, pod, ports, port_map: portMap, extra_hosts: extraHosts, ...options }, { task, report, wish }) => {
    const asked = toNetwork(task, text, report);
    const network = pod === undefined ? asked.network : toJoinedPod(pod, text, { task, report });
    const { mode } = asked;
    const group = task.networkIsolation?.hosts ?? { hostname: "", address: "" };
    checkGroup(group, report);
    const endpoints = toEndpoints(options, network, report);
    for (const wanted of network.kind === "pod" ? toPodWishes(network.pod) : toWishes(network, { text, mode, endpoints })) wish(wanted);
    refuseOfPod(network, { ports: ports.length > 0, port_map: Object.keys(portMap).length > 0 }, report);
    if (extraHosts.length > 0) refuseJoinedHosts(network, report);
    const advertised = toAdvertised(options, endpoints, report);
    const inGroup = network.kind === "group";
    return {
      network,
      endpoints: inGroup ? [] : endpoints,
      unusedKeys: inGroup ? toUnusedKeys(options) : [],
      advertised: { ...advertised, prefersIpv6: advertised.prefersIpv6 && !inGroup },
      ports: toPorts(task, ports, report),
      ...toPortMap(task, portMap, ports, report),
      group,
      hosts: toExtraHosts(extraHosts, report),
    };
  },
  plan: (
    { network, endpoints, unusedKeys, ports: labelled, published, portMap, unusedLabels },
    { task, settings, facts, socketName, report },
  ) => {
    const { defaultRootlessMode } = settings;
    const { netns, ...reached } = planNetns(network, endpoints, { facts, socketName, defaultRootlessMode, report });
    const { nsmode } = netns;
    const ports = [...labelled, ...published];
    // Podman drops published ports with a warning where the container has no network of its own.
    const publishes = ports.length > 0 && !["host", "none", "path", "container"].includes(nsmode);
    return {
      spec: { ...reached, ...(publishes && { portmappings: ports }) },
      given: (met) => ({ netns: namespaceById(netns, met) }),
      // The group's network has its own way to its ports, and Nomad tells them.
      env: network.kind === "group" ? {} : toPortEnv(portMap),
      needs: toNeeds(network, netns),
      explain: (podmanText) =>
        explainNetworkFailure(podmanText, { endpoints, ports: task.resources.ports }) ??
        blame(podmanText, toJoinSuspects([{ key: "network_mode", what: /net/, spec: netns }])),
      notices: [
        ...toNotices(network, { ports, unusedLabels, publishesMapped: published.length > 0, nsmode, task }),
        ...toEndpointNotices(network, endpoints, { unusedKeys, task }),
      ],
    };
  },
});

function toNeeds(network: WantedNetwork, spec: NamespaceSpec): readonly Need[] {
  if (network.kind === "task") {
    return toTaskNeeds({ key: "network_mode", what: "network" }, { taskName: network.taskName, spec });
  }
  return network.kind === "group" && network.pod !== undefined ? [{ kind: "group-network", pod: network.pod }] : [];
}

/** What an operator may forbid. Without a mode it is one of three, by the engine and the operator, unless the job names networks. */
function toWishes(
  network: WantedNetwork,
  {
    text,
    mode,
    endpoints,
  }: { readonly text: string | undefined; readonly mode: string | undefined; readonly endpoints: readonly WantedEndpoint[] },
): readonly Wish[] {
  if (network.kind === "group") return [];
  const asked = { kind: "namespace", of: "network" } as const;
  const blocks = endpoints.filter(({ key }) => key !== "network_mode").map(({ key, network: name }) => ({ ...asked, key, mode: name }));
  if (mode !== undefined) return [{ ...asked, key: text === undefined ? "network" : "network_mode", mode }, ...blocks];
  if (blocks.length > 0) return blocks;
  return [{ ...asked, key: "network_mode", mode: "default", alike: ["bridge", "pasta", "slirp4netns"] }];
}

/** Each label of `ports` is published, for the one protocol behind a slash where the job says it: no label has one (nomad 2.0). */
function toPorts(task: TaskConfig, labels: readonly string[], report: Report): readonly PortMappingSpec[] {
  const { ports } = task.resources;
  if (labels.length > 0 && ports.length === 0) {
    const advice = describeOwnPorts(task) ?? "give the group a network block with these ports";
    report.refuse({
      key: "ports",
      problem: `the group's network block defines no ports, so ${quote(labels)} cannot be published`,
      remedy: advice,
    });
    return [];
  }
  return labels.flatMap((label) => {
    const [, name, protocol] = /^([^]*?)(?:\/(tcp|udp))?$/.exec(label) ?? [];
    const port = ports.find((one) => one.label === name);
    if (port === undefined) {
      report.refuse({
        key: "ports",
        value: label,
        problem: "is no port of the group's network block",
        remedy: `it has ${quote(ports.map((one) => one.label))}`,
      });
      return [];
    }
    return publishPort(port).filter((one) => protocol === undefined || one.protocol === protocol);
  });
}

/** What becomes of ports in the network block that a task could have of its own up to Nomad 0.12, and still can. */
function describeOwnPorts({ resources }: TaskConfig): string | undefined {
  const labels = resources.networks
    .flatMap(({ reservedPorts, dynamicPorts }) => [...reservedPorts, ...dynamicPorts])
    .map(({ label }) => label);
  if (labels.length === 0) return undefined;
  return (
    `the task's own network block (resources.network) publishes nothing: move ${quote(labels)} to the group's network block, and ` +
    "name what is to be published in ports"
  );
}

/** What Nomad calls a group, and its address; empty where it says nothing. */
type GroupName = NonNullable<NonNullable<TaskConfig["networkIsolation"]>["hosts"]>;

/** Whatever it is, it would be written down. Without an address (network mode none) there is no line of the group. */
function checkGroup({ hostname, address }: GroupName, report: Report): void {
  if (hostname === "" || address === "" || isIP(address) !== 0) return;
  const problem = `has the address "${address}", which is not an IP address`;
  report.refuse({ key: "network.hostname", value: hostname, problem, remedy: "the group's network gives it" });
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
  const reason = ports.length > 0 ? unpublished(network) : undefined;
  const ownPorts = nsmode === "host" || publishesMapped ? undefined : describeOwnPorts(task);
  return [
    ...(unused ? [`network_mode "${network.unusedMode}" is not used: the task joins its group's network`] : []),
    ...(reason === undefined ? [] : [`ports are not published: with ${describeNetwork(network)} ${reason}`]),
    ...(network.kind === "group" && publishesMapped ? [unusedPortMap] : []),
    ...(unusedLabels.length > 0 ? [`port_map has no effect for ${quote(unusedLabels)}: the task's network block has no such port`] : []),
    ...(ownPorts === undefined ? [] : [ownPorts]),
  ];
}

/** Why the ports of a task are not published; undefined: they are, or the group sees to it. */
function unpublished(network: WantedNetwork): string | undefined {
  switch (network.kind) {
    case "plain":
      return { bridge: undefined, host: "the task listens on the host's own ports", none: "the task has no network" }[network.mode];
    case "task":
    case "container":
      return "those are reached that the other container publishes";
    case "path":
      return "whoever made that network sees to its ports";
    case "pod":
    case "group":
    case "default":
    case "stack":
    case "named":
      return undefined;
  }
}

function quote(labels: readonly string[]): string {
  return labels.map((label) => `"${label}"`).join(", ");
}
