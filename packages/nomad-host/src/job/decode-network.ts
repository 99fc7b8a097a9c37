import type { BlockReader } from "./block-reader.ts";
import type { GroupNetwork, GroupPort } from "./job.ts";

const maxPort = 65_535;

/** Decodes a group's `network` block. */
export function decodeNetwork(reader: BlockReader): GroupNetwork {
  const dns = reader.optionalBlock("dns");
  const ports = reader.blocks("port").map(decodePort);
  checkPorts(ports, reader);
  return {
    mode: decodeMode(reader),
    ports,
    ...(dns === undefined
      ? {}
      : { dns: { servers: dns.strings("servers") ?? [], searches: dns.strings("searches") ?? [], options: dns.strings("options") ?? [] } }),
    position: reader.block.position,
  };
}

function decodeMode(reader: BlockReader): string {
  const mode = reader.string("mode") ?? "host";
  if (["host", "bridge", "none"].includes(mode) || /^cni\/./.test(mode)) return mode;
  throw reader.error(`argument mode in network: must be host, bridge, none or cni/<name>, not ${JSON.stringify(mode)}`, "mode");
}

function decodePort(reader: BlockReader): GroupPort {
  if (!/^[A-Za-z0-9_-]+$/.test(reader.label)) {
    throw reader.error(
      `port ${JSON.stringify(reader.label)}: a port's label has letters, digits, - and _ only, since it becomes part of a variable's name`,
    );
  }
  const fixed = reader.integer("static", { min: 0, max: maxPort });
  const to = reader.integer("to", { min: -1, max: maxPort });
  const hostNetwork = reader.string("host_network");
  return {
    label: reader.label,
    ...(fixed === undefined || fixed === 0 ? {} : { static: fixed }),
    ...(to === undefined || to === 0 ? {} : { to }),
    ...(hostNetwork === undefined ? {} : { hostNetwork }),
    position: reader.block.position,
  };
}

function checkPorts(ports: readonly GroupPort[], reader: BlockReader): void {
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
