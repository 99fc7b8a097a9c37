import { isIPv4, isIPv6 } from "node:net";
import type { PerNetworkSpec } from "@driver/libpod";
import { attr, blockList, type InferFields } from "@driver/nomad-plugin";
import { oneSpelling } from "../../config/one-spelling.ts";
import type { Report } from "../../config/report.ts";
import { describeNetwork, type WantedNetwork } from "./network-mode.ts";

/** A network of Podman's that a container is on, and what it is there. */
export interface WantedEndpoint {
  /** Where the job names the network. */
  readonly key: string;
  /** Empty: Podman's default network. */
  readonly network: string;
  readonly spec: PerNetworkSpec;
}

const blockFields = {
  name: attr.string({ required: true, help: "Name of a network of Podman's." }),
  ipv4_address: attr.string({ help: "Fixed IPv4 address there." }),
  ipv6_address: attr.string({ help: "Fixed IPv6 address there." }),
  mac_address: attr.string({ help: "Fixed MAC address there." }),
  aliases: attr.list("string", { help: "More names of the task there." }),
  interface_name: attr.string({ help: "Name of the interface in the task; not set: eth0, eth1 … in the order of the blocks." }),
};

/** The keys that say what a task is on its networks. */
export const endpointFields = {
  ipv4_address: attr.string({ help: "Fixed IPv4 address on the network of network_mode, in its subnet." }),
  ipv6_address: attr.string({ help: "Fixed IPv6 address on the network of network_mode, in its subnet." }),
  static_ips: attr.list("string", { help: "More fixed addresses, one of each subnet." }),
  static_mac: attr.string({ help: "Fixed MAC address." }),
  mac_address: attr.string({ help: "Docker's word for static_mac." }),
  network_aliases: attr.list("string", { help: "More names of the task on its network, where that resolves names." }),
  networks: blockList(blockFields, { help: "Several networks of Podman's at once, in place of network_mode." }),
};

type EndpointOptions = InferFields<typeof endpointFields>;
type NetworkBlock = EndpointOptions["networks"][number];

/** What a task is on its networks. Empty: nothing is asked but to be there. */
export function toEndpoints(options: EndpointOptions, network: WantedNetwork, report: Report): readonly WantedEndpoint[] {
  const mac = oneSpelling([{ key: "static_mac", value: options.static_mac }, { key: "mac_address", value: options.mac_address }], report);
  const addresses = [
    ...toAddress("ipv4_address", options.ipv4_address, report),
    ...toAddress("ipv6_address", options.ipv6_address, report),
    ...options.static_ips.flatMap((ip) => toAddress("static_ips", ip, report)),
  ];
  const spec: PerNetworkSpec = {
    ...(addresses.length > 0 && { static_ips: addresses }),
    ...(mac !== undefined && { static_mac: toMac(mac.key, mac.value, report) }),
    ...(options.network_aliases.length > 0 && { aliases: checkAliases("network_aliases", options.network_aliases, report) }),
  };
  const keys = usedKeys(options);
  if (options.networks.length > 0) {
    const remedy = "write it in the block of the network that it is meant for";
    for (const key of keys) report.refuse({ key, problem: "cannot be set beside networks blocks", remedy });
    return toBlocks(options.networks, network, report);
  }
  if (network.kind === "named") return [{ key: "network_mode", network: network.name, spec }];
  if (keys.length === 0 || network.kind === "group") return [];
  if (!isBridge(network)) {
    const problem = `has no effect with ${describeNetwork(network)}`;
    for (const key of keys) report.refuse({ key, problem, remedy: 'remove it, or use network_mode = "bridge" or a network of Podman\'s' });
  }
  return [{ key: "network_mode", network: "", spec }];
}

/** The keys of this file that a task sets, `networks` apart. */
export function usedKeys(options: EndpointOptions): readonly string[] {
  const keys = ["ipv4_address", "ipv6_address", "static_ips", "static_mac", "mac_address", "network_aliases"] as const;
  return keys.filter((key) => (options[key]?.length ?? 0) > 0);
}

function isBridge(network: WantedNetwork): boolean {
  return network.kind === "default" || (network.kind === "plain" && network.mode === "bridge");
}

function toBlocks(blocks: readonly NetworkBlock[], network: WantedNetwork, report: Report): readonly WantedEndpoint[] {
  if (network.kind !== "group" && !isBridge(network)) {
    const problem = `cannot be set beside ${describeNetwork(network)}`;
    report.refuse({ key: "networks", problem, remedy: "remove network_mode, and give each network a block" });
  }
  const interfaces = nameInterfaces(blocks, report);
  return blocks.map((block, index) => {
    const key = `networks[${index}]`;
    const { name } = block;
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
      report.refuse({
        key: `${key}.name`,
        value: name,
        problem: "is no name of a network",
        remedy: "podman network ls shows those there are",
      });
    }
    if (blocks.findIndex((other) => other.name === name) < index) {
      report.refuse({
        key: `${key}.name`,
        value: name,
        problem: "is named twice",
        remedy: "write all that belongs to a network in one block",
      });
    }
    return { key: `${key}.name`, network: name, spec: toBlockSpec(block, { key, interfaceName: interfaces[index] }, report) };
  });
}

function toBlockSpec(
  block: NetworkBlock,
  { key, interfaceName }: { readonly key: string; readonly interfaceName: string | undefined },
  report: Report,
): PerNetworkSpec {
  const addresses = [
    ...toAddress(`${key}.ipv4_address`, block.ipv4_address, report),
    ...toAddress(`${key}.ipv6_address`, block.ipv6_address, report),
  ];
  return {
    ...(addresses.length > 0 && { static_ips: addresses }),
    ...(block.mac_address !== undefined && { static_mac: toMac(`${key}.mac_address`, block.mac_address, report) }),
    ...(block.aliases.length > 0 && { aliases: checkAliases(`${key}.aliases`, block.aliases, report) }),
    ...(interfaceName !== undefined && { interface_name: interfaceName }),
  };
}

/** Which of two networks becomes eth0 is a matter of chance up to Podman 5.8, so each gets its name. */
function nameInterfaces(blocks: readonly NetworkBlock[], report: Report): readonly (string | undefined)[] {
  const given = blocks.map(({ interface_name: name }) => name);
  given.forEach((name, index) => {
    const key = `networks[${index}].interface_name`;
    if (name === undefined) return;
    // The kernel's own rule.
    if (!/^[^\s/:]{1,15}$/.test(name) || name === "." || name === ".." || name === "lo") {
      report.refuse({
        key,
        value: name,
        problem: "is no name for an interface",
        remedy: "write up to 15 letters and digits, such as eth0",
      });
    }
    if (given.indexOf(name) < index) {
      report.refuse({ key, value: name, problem: "is the name of another network's interface too", remedy: "give each its own" });
    }
  });
  if (blocks.length === 1) return given;
  const free = blocks.map((_, index) => `eth${index}`).filter((name) => !given.includes(name));
  return given.map((name) => name ?? free.shift());
}

function toAddress(key: string, text: string | undefined, report: Report): readonly string[] {
  if (text === undefined) return [];
  const isZoned = text.includes("%");
  const [isRight, want] = key.endsWith("ipv4_address")
    ? [isIPv4(text), "an IPv4 address, such as 10.88.0.10"]
    : key.endsWith("ipv6_address")
      ? [isIPv6(text) && !isZoned, "an IPv6 address, such as fd00::10"]
      : [(isIPv4(text) || isIPv6(text)) && !isZoned, "an IP address, such as 10.88.0.10"];
  if (isRight) return [text];
  report.refuse({ key, value: text, problem: `is not ${want.split(",")[0]}`, remedy: `write ${want}` });
  return [];
}

/** Six bytes with colons or hyphens between them. */
function toMac(key: string, text: string, report: Report): string {
  const isMac = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.test(text);
  if (!isMac) report.refuse({ key, value: text, problem: "is not a MAC address", remedy: "write six bytes, such as 02:42:ac:11:00:02" });
  else if ((Number.parseInt(text.slice(0, 2), 16) & 1) === 1) {
    report.refuse({
      key,
      value: text,
      problem: "is an address of many, which no interface can have",
      remedy: "begin with an even byte, such as 02",
    });
  } else if (/^[0:-]+$/.test(text)) {
    report.refuse({ key, value: text, problem: "is no address of an interface", remedy: "write another, such as 02:42:ac:11:00:02" });
  }
  return text.toLowerCase().replaceAll("-", ":");
}

function checkAliases(key: string, aliases: readonly string[], report: Report): readonly string[] {
  for (const alias of aliases) {
    if (/^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9_])?$/.test(alias)) continue;
    report.refuse({ key, value: alias, problem: "is no host name", remedy: "write letters, digits, hyphens and dots" });
  }
  return aliases;
}
