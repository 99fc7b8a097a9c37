import type { BlockReader } from "./block-reader.ts";
import { hasControlCharacter } from "./has-control-character.ts";
import type { GroupNetwork, GroupPort, JobNote } from "./job.ts";
import type { networkKeys, portKeys } from "./keys/group-keys.ts";

type NetworkReader = BlockReader<typeof networkKeys>;

/** Decodes a group's `network` blocks: all are checked, together, and the first one counts (`nomad`). Undefined: there is none. */
export function decodeNetworks(readers: readonly NetworkReader[]): GroupNetwork | undefined {
  const networks = readers.map((reader) => ({ reader, network: decodeNetwork(reader) }));
  checkPorts(networks.flatMap(({ reader, network: { mode, ports } }) => ports.map((port) => ({ port, mode, reader }))));
  return networks[0]?.network;
}

/** What is told of all but the first one. */
export function noteNetworks([, ...further]: readonly NetworkReader[]): readonly JobNote[] {
  const message = "network: has no effect, Nomad uses only the first one of a group";
  return further.map(({ block }) => ({ message, position: block.position }));
}

function decodeNetwork(reader: NetworkReader): GroupNetwork {
  const mode = reader.get("mode") ?? "host";
  const hostname = reader.get("hostname") ?? "";
  const dns = reader.optionalBlock("dns");
  if (hostname !== "" && !hostname.includes("${") && !isDomainName(hostname))
    reader.report(
      `argument hostname in network: must be a name such as "web" or "web.example", not ${JSON.stringify(hostname)}`,
      "hostname",
    );
  return {
    mode: mode === "" ? "host" : mode,
    ports: reader.blocks("port").map(decodePort),
    ...(hostname === "" ? {} : { hostname }),
    ...(dns === undefined
      ? {}
      : { dns: { servers: dns.get("servers") ?? [], searches: dns.get("searches") ?? [], options: dns.get("options") ?? [] } }),
    position: reader.block.position,
  };
}

/** Any letters, in labels of 1 to 63 bytes (`nomad`: dns.IsDomainName). */
function isDomainName(name: string): boolean {
  const labels = name
    .replace(/\.$/, "")
    .split(".")
    .map((label) => Buffer.byteLength(label));
  return name === "." || (Buffer.byteLength(name) <= 254 && labels.every((length) => length >= 1 && length <= 63));
}

function decodePort(reader: BlockReader<typeof portKeys>): GroupPort {
  if (hasControlCharacter(reader.label)) reader.report(`port ${JSON.stringify(reader.label)}: its label must not hold control characters`);
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

interface PlacedPort {
  readonly port: GroupPort;
  readonly mode: string;
  readonly reader: NetworkReader;
}

function checkPorts(placed: readonly PlacedPort[]): void {
  const labels = new Map<string, GroupPort>();
  const fixed = new Map<string, GroupPort>();
  for (const { port, mode, reader } of placed) {
    const report = (problem: string): void => reader.report(`port "${port.label}": ${problem}`, port.position);
    const namesake = labels.get(port.label);
    if (namesake !== undefined) report(`declared already on line ${namesake.position.line}`);
    labels.set(port.label, port);
    if (port.ignoresCollision === true && mode !== "host") report(`ignore_collision has no place in network mode ${JSON.stringify(mode)}`);
    if (port.static === undefined) continue;
    const place = `${port.hostNetwork ?? "default"} ${port.static}`;
    const rival = fixed.get(place);
    if (rival !== undefined && !port.ignoresCollision) report(`static port ${port.static} is taken by port "${rival.label}"`);
    fixed.set(place, port);
  }
}
