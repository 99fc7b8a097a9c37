import type { BlockReader } from "./block-reader.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { GroupNetwork, GroupPort } from "./job.ts";
import type { networkKeys, portKeys } from "./keys/group-keys.ts";

type NetworkReader = BlockReader<typeof networkKeys>;

/** Decodes a group's `network` block. */
export function decodeNetwork(reader: NetworkReader): GroupNetwork {
  const mode = reader.get("mode") ?? "host";
  const hostname = reader.get("hostname") ?? "";
  const dns = reader.optionalBlock("dns");
  const ports = reader.blocks("port").map(decodePort);
  checkPorts(ports, reader);
  return {
    mode: mode === "" ? "host" : mode,
    ports,
    ...(hostname === "" ? {} : { hostname }),
    ...(dns === undefined
      ? {}
      : { dns: { servers: dns.get("servers") ?? [], searches: dns.get("searches") ?? [], options: dns.get("options") ?? [] } }),
    position: reader.block.position,
  };
}

function decodePort(reader: BlockReader<typeof portKeys>): GroupPort {
  if (reader.label === "" || hasControlCharacter(reader.label))
    reader.report(`port ${JSON.stringify(reader.label)}: its label must not be empty nor hold control characters`);
  const fixed = reader.get("static");
  const to = reader.get("to");
  const hostNetwork = reader.get("host_network");
  return {
    label: reader.label,
    ...(fixed === undefined || fixed <= 0 ? {} : { static: fixed }),
    ...(to === undefined || to === 0 ? {} : { to }),
    ...(hostNetwork === undefined ? {} : { hostNetwork }),
    ...(reader.get("ignore_collision") === true ? { ignoresCollision: true } : {}),
    position: reader.block.position,
  };
}

function checkPorts(ports: readonly GroupPort[], reader: NetworkReader): void {
  const labels = new Map<string, GroupPort>();
  const fixed = new Map<string, GroupPort>();
  for (const port of ports) {
    const namesake = labels.get(port.label);
    if (namesake !== undefined) reader.report(`port "${port.label}": declared already on line ${namesake.position.line}`, port.position);
    labels.set(port.label, port);
    if (port.static === undefined) continue;
    const place = `${port.hostNetwork ?? "default"} ${port.static}`;
    const rival = fixed.get(place);
    if (rival !== undefined && !port.ignoresCollision)
      reader.report(`port "${port.label}": static port ${port.static} is taken by port "${rival.label}"`, port.position);
    fixed.set(place, port);
  }
}
