import { JsonReader, readList } from "./json-reader.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";

/** One container of a list. */
export interface ContainerListEntry {
  readonly id: string;
  readonly names: readonly string[];
  readonly imageName: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: ContainerStatus;
  /** 0 when no process runs. */
  readonly pid: number;
  readonly exitCode: number;
  readonly createdAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly exitedAt: Date | undefined;
  /** Pod id; empty without one. */
  readonly pod: string;
  readonly networks: readonly string[];
  /** Destinations inside the container. */
  readonly mountDestinations: readonly string[];
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
    imageName: reader.string("Image"),
    imageId: reader.string("ImageID"),
    labels: reader.stringMap("Labels"),
    status: toContainerStatus(reader.string("State")),
    pid: reader.number("Pid"),
    exitCode: reader.number("ExitCode"),
    createdAt: typeof reader.raw("Created") === "number" ? reader.dateFromSeconds("Created") : reader.date("Created"),
    startedAt: reader.dateFromSeconds("StartedAt"),
    exitedAt: reader.dateFromSeconds("ExitedAt"),
    pod: reader.string("Pod"),
    networks: reader.strings("Networks"),
    mountDestinations: reader.strings("Mounts"),
  };
}
