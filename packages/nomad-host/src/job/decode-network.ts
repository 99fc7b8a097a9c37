import type { BlockReader } from "./block-reader.ts";
import type { GroupNetwork, GroupPort } from "./job.ts";
import type { networkKeys, portKeys } from "./keys/group-keys.ts";

type NetworkReader = BlockReader<typeof networkKeys>;

/** Decodes a group's `network` block. */
export function decodeNetwork(reader: NetworkReader): GroupNetwork {
  const dns = reader.optionalBlock("dns");
  const ports = reader.blocks("port").map(decodePort);
  checkPorts(ports, reader);
  return {
    mode: decodeMode(reader),
    ports,
    ...(dns === undefined
      ? {}
      : { dns: { servers: dns.get("servers") ?? [], searches: dns.get("searches") ?? [], options: dns.get("options") ?? [] } }),
    position: reader.block.position,
  };
}

function decodeMode(reader: NetworkReader): string {
  const mode = reader.get("mode") ?? "host";
  if (["host", "bridge", "none"].includes(mode) || /^cni\/./.test(mode)) return mode;
  throw reader.error(`argument mode in network: must be host, bridge, none or cni/<name>, not ${JSON.stringify(mode)}`, "mode");
}

function decodePort(reader: BlockReader<typeof portKeys>): GroupPort {
  if (!/^[A-Za-z0-9_-]+$/.test(reader.label)) {
    throw reader.error(
      `port ${JSON.stringify(reader.label)}: a port's label has letters, digits, - and _ only, since it becomes part of a variable's name`,
    );
  }
  const fixed = reader.get("static");
  const to = reader.get("to");
  const hostNetwork = reader.get("host_network");
  return {
    label: reader.label,
    ...(fixed === undefined || fixed === 0 ? {} : { static: fixed }),
    ...(to === undefined || to === 0 ? {} : { to }),
    ...(hostNetwork === undefined ? {} : { hostNetwork }),
    position: reader.block.position,
  };
}

function checkPorts(ports: readonly GroupPort[], reader: NetworkReader): void {
  const labels = new Map<string, GroupPort>();
  const fixed = new Map<string, GroupPort>();
  for (const port of ports) {
    const namesake = labels.get(port.label);
    if (namesake !== undefined)
      throw reader.error(`port "${port.label}": declared already on line ${namesake.position.line}`, port.position);
    labels.set(port.label, port);
    if (port.static === undefined) continue;
    const place = `${port.hostNetwork ?? ""} ${port.static}`;
    const rival = fixed.get(place);
    if (rival !== undefined)
      throw reader.error(`port "${port.label}": static port ${port.static} is taken by port "${rival.label}"`, port.position);
    fixed.set(place, port);
  }
}
