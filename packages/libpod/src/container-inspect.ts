import { JsonReader } from "./json-reader.ts";
import { toContainerStatus, type ContainerStatus } from "./container-status.ts";

/** What Podman knows about a container; both the 4.x and the 5.x answer decode to it. Empty text means "not set". */
export interface ContainerInspect {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date | undefined;
  readonly imageId: string;
  readonly imageName: string;
  /** Name of the OCI runtime, such as "runc". */
  readonly ociRuntime: string;
  readonly pod: string;
  /** The container's folder in the engine's storage, where conmon's `ctl` and the default log are. */
  readonly staticDir: string;
  readonly conmonPidFile: string;
  readonly pidFile: string;
  readonly state: ContainerState;
  readonly config: ContainerConfig;
  readonly host: ContainerHostConfig;
  readonly mounts: readonly ContainerMount[];
  readonly network: ContainerNetwork;
}

export interface ContainerState {
  readonly status: ContainerStatus;
  readonly running: boolean;
  readonly paused: boolean;
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
  readonly hostname: string;
  readonly user: string;
  readonly workingDir: string;
  /** "NAME=value". */
  readonly env: readonly string[];
  readonly command: readonly string[];
  /** Podman 4 joins the parts with spaces: then this has one item. */
  readonly entrypoint: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** A number in digits (Podman 4) or a name such as "SIGTERM" (Podman 5). */
  readonly stopSignal: string;
  readonly stopTimeoutSeconds: number;
}

export interface ContainerHostConfig {
  readonly logDriver: string;
  readonly logPath: string;
  readonly networkMode: string;
  readonly privileged: boolean;
  readonly autoRemove: boolean;
  readonly memoryBytes: number;
  readonly memorySwapBytes: number;
  readonly memoryReservationBytes: number;
  readonly cpuShares: number;
  readonly cpuQuotaMicros: number;
  readonly cpuPeriodMicros: number;
  readonly cpusetCpus: string;
  readonly ulimits: readonly ContainerUlimit[];
  readonly idMappings: ContainerIdMappings;
}

/** Each as "container:host:size"; empty in the host's user namespace. */
export interface ContainerIdMappings {
  readonly uidMap: readonly string[];
  readonly gidMap: readonly string[];
}

/** -1 is unlimited; values beyond 2^53 are rounded by the JSON parser. */
export interface ContainerUlimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface ContainerMount {
  readonly type: string;
  /** Volume name; empty for binds. */
  readonly name: string;
  readonly source: string;
  readonly destination: string;
  readonly options: readonly string[];
  readonly writable: boolean;
}

export interface ContainerNetwork {
  /** By network name; empty for host, none, and a rootless container without a bridge. */
  readonly networks: Readonly<Record<string, ContainerEndpoint>>;
  /** Set only for the engine's default network; otherwise read `networks`. */
  readonly ipAddress: string;
  /** By "80/tcp"; exposed ports that are not published have an empty list. */
  readonly ports: Readonly<Record<string, readonly PublishedPort[]>>;
  /** Network namespace file. */
  readonly sandboxPath: string;
}

export interface ContainerEndpoint {
  readonly ipAddress: string;
  readonly ipv6Address: string;
  /** Beyond the first of each family. */
  readonly moreAddresses: readonly string[];
  readonly gateway: string;
  readonly macAddress: string;
  readonly aliases: readonly string[];
}

export interface PublishedPort {
  /** Podman 5 writes "0.0.0.0" where 4 writes "". */
  readonly hostIp: string;
  readonly hostPort: number;
}

/** Decodes `GET /containers/{id}/json`; a member of a wrong type is a JsonShapeError. */
export function decodeContainerInspect(value: unknown): ContainerInspect {
  const reader = new JsonReader(value, "container");
  return {
    id: reader.requiredString("Id"),
    name: reader.string("Name"),
    createdAt: reader.date("Created"),
    imageId: reader.string("Image"),
    imageName: reader.string("ImageName"),
    ociRuntime: reader.string("OCIRuntime"),
    pod: reader.string("Pod"),
    staticDir: reader.string("StaticDir"),
    conmonPidFile: reader.string("ConmonPidFile"),
    pidFile: reader.string("PidFile"),
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
    paused: reader.boolean("Paused"),
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
    hostname: reader.string("Hostname"),
    user: reader.string("User"),
    workingDir: reader.string("WorkingDir"),
    env: reader.strings("Env"),
    command: reader.strings("Cmd"),
    entrypoint: readEntrypoint(reader),
    labels: reader.stringMap("Labels"),
    annotations: reader.stringMap("Annotations"),
    tty: reader.boolean("Tty"),
    openStdin: reader.boolean("OpenStdin"),
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
  const log = reader.nested("LogConfig");
  return {
    logDriver: log.string("Type"),
    logPath: log.string("Path"),
    networkMode: reader.string("NetworkMode"),
    privileged: reader.boolean("Privileged"),
    autoRemove: reader.boolean("AutoRemove"),
    memoryBytes: reader.number("Memory"),
    memorySwapBytes: reader.number("MemorySwap"),
    memoryReservationBytes: reader.number("MemoryReservation"),
    cpuShares: reader.number("CpuShares"),
    cpuQuotaMicros: reader.number("CpuQuota"),
    cpuPeriodMicros: reader.number("CpuPeriod"),
    cpusetCpus: reader.string("CpusetCpus"),
    ulimits: reader.list("Ulimits").map(decodeUlimit),
    idMappings: { uidMap: reader.nested("IDMappings").strings("UidMap"), gidMap: reader.nested("IDMappings").strings("GidMap") },
  };
}

function decodeUlimit(value: unknown): ContainerUlimit {
  const reader = new JsonReader(value, "container.HostConfig.Ulimits[]");
  return { name: reader.string("Name"), soft: reader.number("Soft"), hard: reader.number("Hard") };
}

function decodeMount(value: unknown): ContainerMount {
  const reader = new JsonReader(value, "container.Mounts[]");
  return {
    type: reader.string("Type"),
    name: reader.string("Name"),
    source: reader.string("Source"),
    destination: reader.string("Destination"),
    options: reader.strings("Options"),
    writable: reader.boolean("RW"),
  };
}

function decodeNetwork(reader: JsonReader): ContainerNetwork {
  const networks = reader.entries("Networks").map(([name, value]): [string, ContainerEndpoint] => [name, decodeEndpoint(value)]);
  const ports = reader.entries("Ports").map(([port, value]): [string, readonly PublishedPort[]] => [port, decodePublishedPorts(value)]);
  return {
    networks: Object.fromEntries(networks),
    ipAddress: reader.string("IPAddress"),
    ports: Object.fromEntries(ports),
    sandboxPath: reader.string("SandboxKey"),
  };
}

function decodeEndpoint(value: unknown): ContainerEndpoint {
  const reader = new JsonReader(value ?? {}, "container.NetworkSettings.Networks[]");
  return {
    ipAddress: reader.string("IPAddress"),
    ipv6Address: reader.string("GlobalIPv6Address"),
    moreAddresses: [...reader.list("SecondaryIPAddresses"), ...reader.list("SecondaryIPv6Addresses")].map(decodeMoreAddress),
    gateway: reader.string("Gateway"),
    macAddress: reader.string("MacAddress"),
    aliases: reader.strings("Aliases"),
  };
}

function decodeMoreAddress(value: unknown): string {
  return new JsonReader(value, "container.NetworkSettings.Networks[].Secondary…[]").string("Addr");
}

function decodePublishedPorts(value: unknown): readonly PublishedPort[] {
  return new JsonReader({ ports: value }, "container.NetworkSettings.Ports[]").list("ports").map((item) => {
    const reader = new JsonReader(item, "container.NetworkSettings.Ports[][]");
    return { hostIp: reader.string("HostIp"), hostPort: Number(reader.string("HostPort", "0")) };
  });
}
