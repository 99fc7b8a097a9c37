import { JsonReader, readList } from "./json-reader.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";

/** One container of a list. */
export interface ContainerListEntry {
  readonly id: string;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly status: ContainerStatus;
  readonly createdAt: Date | undefined;
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
  };
}
