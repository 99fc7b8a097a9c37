import type { ContainerNetworkSpec, ContainerSpec, NamespaceSpec } from "@driver/libpod";
import { isAtLeast, type EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";
import { refuseBefore } from "../refuse-before.ts";
import type { WantedEndpoint } from "./endpoints.ts";
import { toPlain, type WantedNetwork } from "./network-mode.ts";

export interface NetnsContext {
  readonly facts: EngineFacts;
  /** The operator's, in the words of `network_mode`; empty: by Podman's version. */
  readonly defaultRootlessMode: string;
  readonly report: Report;
  /** Name of the socket of the Podman service that runs the task. */
  readonly socketName: string;
}

/** The part of the container's spec that says which network it is on. */
export type NetnsSpec = Pick<ContainerSpec, "network_options" | "Networks" | "pod"> & { readonly netns: NamespaceSpec };

/** The network in Podman's words, on this engine. */
export function planNetns(wanted: WantedNetwork, endpoints: readonly WantedEndpoint[], context: NetnsContext): NetnsSpec {
  const network = wanted.kind === "default" ? toDefault(endpoints, context) : wanted;
  switch (network.kind) {
    case "group":
      if (network.pod?.socketName !== context.socketName) refuseGroupOfRoot(context);
      return { netns: { nsmode: "path", value: network.path } };
    case "path":
      return { netns: { nsmode: "path", value: network.path } };
    case "pod":
      // In a pod this is what the pod shares, and in one that shares no network one of the task's own.
      return { pod: network.pod, netns: { nsmode: "default" } };
    case "task":
    case "container":
      return { netns: { nsmode: "container", value: network.container } };
    case "stack":
      refuseStack(network, context);
      return {
        netns: { nsmode: network.mode },
        ...(network.options.length > 0 && { network_options: { [network.mode]: network.options } }),
      };
    case "plain":
      return { netns: { nsmode: network.mode }, ...(network.mode === "bridge" && toNetworks(endpoints, context)) };
    case "named":
      return {
        netns: { nsmode: "bridge" },
        ...toNetworks(endpoints.length > 0 ? endpoints : [{ key: "network_mode", network: network.name, spec: {} }], context),
      };
    case "default":
      return { netns: { nsmode: "bridge" } };
  }
}

/** Podman knows its default network by this name too, whatever it is called (podman 4.0). */
const defaultNetwork = "default";

function toNetworks(endpoints: readonly WantedEndpoint[], { facts, report }: NetnsContext): Pick<ContainerNetworkSpec, "Networks"> {
  const [first] = endpoints;
  if (first === undefined) return {};
  const value = first.network === "" ? undefined : first.network;
  const otherwise = "which would put the task on its default network without a word";
  refuseBefore({ key: first.key, value, since: [4, 0], otherwise }, { facts, report });
  return { Networks: Object.fromEntries(endpoints.map(({ network, spec }) => [network === "" ? defaultNetwork : network, spec])) };
}

/** Several networks can only be on a bridge, so nobody need say that. */
function toDefault(endpoints: readonly WantedEndpoint[], { facts, defaultRootlessMode, report }: NetnsContext): WantedNetwork {
  const bridge: WantedNetwork = { kind: "plain", mode: "bridge" };
  if (!facts.rootless || endpoints.some(({ network }) => network !== "")) return bridge;
  const text = defaultRootlessMode === "" ? (isAtLeast(facts, [5, 0]) ? "pasta" : "slirp4netns") : defaultRootlessMode;
  const network = toPlain(text) ?? { kind: "named", name: text };
  if (/[^a-zA-Z0-9_.-]/.test(text) && network.kind === "named") {
    const key = "networking.default_rootless_mode";
    report.refuse({
      key,
      value: text,
      problem: "is no network",
      remedy: "the operator sets it to bridge, host, none, pasta, slirp4netns or the name of a network of Podman's",
    });
  }
  if (endpoints.length > 0 && !(network.kind === "plain" && network.mode === "bridge") && network.kind !== "named") {
    const problem = `is not set, and a task of this rootless Podman is on "${text}" then, where it can have no address of its own`;
    report.refuse({ key: "network_mode", problem, remedy: 'set network_mode = "bridge" or to a network of Podman\'s' });
  }
  return network;
}

function refuseGroupOfRoot({ facts, report }: NetnsContext): void {
  if (!facts.rootless) return;
  const problem = "a rootless Podman cannot join the group's network namespace, which belongs to root";
  const remedy =
    'have it make that network (group_network = "pod" in the plugin\'s config, and this Podman as the default socket), use a rootful ' +
    "socket, or remove the group's network mode";
  report.refuse({ key: "network", problem, remedy });
}

function refuseStack({ mode }: { readonly mode: "pasta" | "slirp4netns" }, { facts, report }: NetnsContext): void {
  const asked = { key: "network_mode", value: mode };
  const refuse = (problem: string, remedy: string): void => report.refuse({ ...asked, problem, remedy, code: "unsupported" });
  if (mode === "pasta") {
    if (!facts.rootless) refuse("is for a rootless Podman, and this one runs as root", 'use network_mode = "bridge"');
    refuseBefore({ ...asked, since: [4, 4], remedy: 'use network_mode = "slirp4netns"' }, { facts, report });
  } else if (isAtLeast(facts, [6, 0])) {
    refuse(
      `is not there any more since Podman 6.0, and ${facts.version} runs`,
      facts.rootless ? 'use network_mode = "pasta"' : 'use network_mode = "bridge"',
    );
  }
}
