import { JsonReader, readList } from "./json-reader.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";

/** One container of a list. */
export interface ContainerListEntry {
  readonly id: string;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly status: ContainerStatus;
  readonly createdAt: Date | undefined;
  /** Paths in it where something is mounted that somebody asked for: a volume, a folder, an image, memory. */
  readonly mountPaths: readonly string[];
  /** Those of the host that lead to it; also what leads to a container whose network it has joined. */
  readonly ports: readonly PublishedPort[];
}

/** Ports of the host from `hostPort` on, `count` of them. */
export interface PublishedPort {
  /** Empty: all addresses of the host. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly count: number;
  /** As "tcp", or several as "tcp,udp". */
  readonly protocol: string;
}

/** Decodes `GET /containers/json`; a member of a wrong type is a JsonShapeError. */
export function decodeContainerList(value: unknown): readonly ContainerListEntry[] {
  return readList(value, "container list").map(decodeEntry);
}

function decodeEntry(value: unknown): ContainerListEntry {
  const reader = new JsonReader(value, "container list entry");
  return {
    id: reader.requiredString("Id"),
    names: reader.strings("Names"),
    labels: reader.stringMap("Labels"),
    status: toContainerStatus(reader.string("State")),
    createdAt: typeof reader.raw("Created") === "number" ? reader.dateFromSeconds("Created") : reader.date("Created"),
    mountPaths: reader.strings("Mounts"),
    ports: reader.list("Ports").map((port) => decodePort(new JsonReader(port, "port of a container list entry"))),
  };
}

function decodePort(reader: JsonReader): PublishedPort {
  return {
    hostIp: reader.string("host_ip"),
    hostPort: reader.number("host_port"),
    count: reader.number("range", 1),
    protocol: reader.string("protocol"),
  };
}
