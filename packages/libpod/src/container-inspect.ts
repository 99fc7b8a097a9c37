import { JsonReader } from "./json-reader.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";

/** What Podman knows about a container; both the 4.x and the 5.x answer decode to it. Empty text means "not set". */
export interface ContainerInspect {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date | undefined;
  /** Name of the OCI runtime, such as "runc". */
  readonly ociRuntime: string;
  /** The container's folder in the engine's storage, where conmon's `ctl` and the default log are. */
  readonly staticDir: string;
  readonly state: ContainerState;
  readonly config: ContainerConfig;
  readonly host: ContainerHostConfig;
  readonly mounts: readonly ContainerMount[];
  readonly network: ContainerNetwork;
}

export interface ContainerState {
  readonly status: ContainerStatus;
  readonly running: boolean;
  /** 0 when no process runs. */
  readonly pid: number;
  /** 0 when no process runs. */
  readonly conmonPid: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Podman 5 may put harmless text here after a stop. */
  readonly error: string;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Below the cgroup root; empty while stopped, and with cgroups disabled. */
  readonly cgroupPath: string;
  /** Empty without a health check. */
  readonly healthStatus: string;
}

export interface ContainerConfig {
  /** Podman 4 joins the parts with spaces: then this has one item. */
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** A number in digits (Podman 4) or a name such as "SIGTERM" (Podman 5). */
  readonly stopSignal: string;
  readonly stopTimeoutSeconds: number;
}

export interface ContainerHostConfig {
  readonly logPath: string;
  readonly memoryBytes: number;
  readonly memoryReservationBytes: number;
  readonly cpuShares: number;
  readonly idMappings: ContainerIdMappings;
  readonly ulimits: readonly ContainerUlimit[];
  /** As `bridge`, or `container:` with the id of the container whose network it has joined. */
  readonly networkMode: string;
}

/** Each as "container:host:size"; empty in the host's user namespace. */
export interface ContainerIdMappings {
  readonly uidMap: readonly string[];
  readonly gidMap: readonly string[];
}

/** A limit of the container's processes; -1 is none. */
export interface ContainerUlimit {
  /** As `RLIMIT_NOFILE`. */
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface ContainerMount {
  /** As "bind", "volume" or "image". */
  readonly type: string;
  /** What was written in the container's spec; of a volume where it is on the host. */
  readonly source: string;
}

export interface ContainerNetwork {
  /** By network name; empty for host, none, and a rootless container without a bridge. */
  readonly networks: Readonly<Record<string, ContainerEndpoint>>;
  /** Set only for the engine's default network; otherwise read `networks`. */
  readonly ipAddress: string;
}

export interface ContainerEndpoint {
  readonly ipAddress: string;
  readonly ipv6Address: string;
  /** Beyond the first of each family. */
  readonly moreAddresses: readonly string[];
}

/** Decodes `GET /containers/{id}/json`; a member of a wrong type is a JsonShapeError. */
export function decodeContainerInspect(value: unknown): ContainerInspect {
  const reader = new JsonReader(value, "container");
  return {
    id: reader.requiredString("Id"),
    name: reader.string("Name"),
    createdAt: reader.date("Created"),
    ociRuntime: reader.string("OCIRuntime"),
    staticDir: reader.string("StaticDir"),
    state: decodeState(reader.nested("State")),
    config: decodeConfig(reader.nested("Config")),
    host: decodeHostConfig(reader.nested("HostConfig")),
    mounts: reader.list("Mounts").map(decodeMount),
    network: decodeNetwork(reader.nested("NetworkSettings")),
  };
}

function decodeState(reader: JsonReader): ContainerState {
  return {
    status: toContainerStatus(reader.requiredString("Status")),
    running: reader.boolean("Running"),
    pid: reader.number("Pid"),
    conmonPid: reader.number("ConmonPid"),
    exitCode: reader.number("ExitCode"),
    oomKilled: reader.boolean("OOMKilled"),
    error: reader.string("Error"),
    startedAt: reader.date("StartedAt"),
    finishedAt: reader.date("FinishedAt"),
    cgroupPath: reader.string("CgroupPath"),
    // Podman 3 calls it Healthcheck.
    healthStatus: reader.nested(reader.has("Health") ? "Health" : "Healthcheck").string("Status"),
  };
}

function decodeConfig(reader: JsonReader): ContainerConfig {
  return {
    entrypoint: readEntrypoint(reader),
    labels: reader.stringMap("Labels"),
    stopSignal: typeof reader.raw("StopSignal") === "number" ? String(reader.number("StopSignal")) : reader.string("StopSignal"),
    stopTimeoutSeconds: reader.number("StopTimeout"),
  };
}

function readEntrypoint(reader: JsonReader): readonly string[] {
  if (typeof reader.raw("Entrypoint") !== "string") return reader.strings("Entrypoint");
  const text = reader.string("Entrypoint");
  return text === "" ? [] : [text];
}

function decodeHostConfig(reader: JsonReader): ContainerHostConfig {
  return {
    logPath: reader.nested("LogConfig").string("Path"),
    memoryBytes: reader.number("Memory"),
    memoryReservationBytes: reader.number("MemoryReservation"),
    cpuShares: reader.number("CpuShares"),
    idMappings: { uidMap: reader.nested("IDMappings").strings("UidMap"), gidMap: reader.nested("IDMappings").strings("GidMap") },
    ulimits: reader.list("Ulimits").map(decodeUlimit),
    networkMode: reader.string("NetworkMode"),
  };
}

function decodeUlimit(value: unknown): ContainerUlimit {
  const reader = new JsonReader(value, "container.HostConfig.Ulimits[]");
  return { name: reader.string("Name"), soft: reader.number("Soft"), hard: reader.number("Hard") };
}

function decodeMount(value: unknown): ContainerMount {
  const reader = new JsonReader(value, "container.Mounts[]");
  return { type: reader.string("Type"), source: reader.string("Source") };
}

function decodeNetwork(reader: JsonReader): ContainerNetwork {
  const networks = reader.entries("Networks").map(([name, value]): [string, ContainerEndpoint] => [name, decodeEndpoint(value)]);
  return {
    networks: Object.fromEntries(networks),
    ipAddress: reader.string("IPAddress"),
  };
}

function decodeEndpoint(value: unknown): ContainerEndpoint {
  const reader = new JsonReader(value ?? {}, "container.NetworkSettings.Networks[]");
  return {
    ipAddress: reader.string("IPAddress"),
    ipv6Address: reader.string("GlobalIPv6Address"),
    moreAddresses: [...reader.list("SecondaryIPAddresses"), ...reader.list("SecondaryIPv6Addresses")].map(decodeMoreAddress),
  };
}

function decodeMoreAddress(value: unknown): string {
  return new JsonReader(value, "container.NetworkSettings.Networks[].Secondary…[]").string("Addr");
}
