import { JsonReader } from "./json-reader.ts";

/** What the engine says about itself and its host. Empty text means that this version does not say. */
export interface PodmanInfo {
  /** Podman's version, such as "4.3.1". */
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly distribution: string;
  readonly distributionVersion: string;
  readonly cpus: number;
  readonly memoryTotalBytes: number;
  readonly rootless: boolean;
  readonly selinuxEnabled: boolean;
  readonly apparmorEnabled: boolean;
  readonly seccompEnabled: boolean;
  /** Default capabilities of a container, comma separated. */
  readonly capabilities: string;
  /** Path of the service's own socket as it names it. */
  readonly remoteSocketPath: string;
  /** "v1" or "v2". */
  readonly cgroupVersion: string;
  /** "systemd" or "cgroupfs". */
  readonly cgroupManager: string;
  readonly cgroupControllers: readonly string[];
  /** "journald", "file" or "none". */
  readonly eventLogger: string;
  /** The driver of a container that names none. */
  readonly logDriver: string;
  readonly networkBackend: string;
  /** What gives an ordinary user's containers a network: "pasta" or "slirp4netns". */
  readonly rootlessNetworkCommand: string;
  readonly databaseBackend: string;
  readonly conmon: EngineProgram;
  readonly ociRuntime: EngineProgram;
  readonly storage: EngineStorage;
  /** Log drivers that create accepts. */
  readonly logDrivers: readonly string[];
}

export interface EngineProgram {
  /** Empty for conmon. */
  readonly name: string;
  readonly path: string;
  /** Several lines for OCI runtimes. */
  readonly version: string;
}

export interface EngineStorage {
  /** "overlay", "vfs", … */
  readonly driver: string;
  readonly graphRoot: string;
  readonly runRoot: string;
  readonly volumePath: string;
  /** Where the blobs of a pull are kept until all have come. */
  readonly imageCopyTmpDir: string;
  readonly containerCount: number;
  readonly runningCount: number;
  readonly imageCount: number;
}

/** Decodes `GET /info`; a member of a wrong type is a JsonShapeError. */
export function decodePodmanInfo(value: unknown): PodmanInfo {
  const reader = new JsonReader(value, "info");
  const host = reader.nested("host");
  const security = host.nested("security");
  const version = reader.nested("version");
  return {
    version: version.requiredString("Version"),
    apiVersion: version.string("APIVersion"),
    os: host.string("os"),
    arch: host.string("arch"),
    hostname: host.string("hostname"),
    kernel: host.string("kernel"),
    distribution: host.nested("distribution").string("distribution"),
    distributionVersion: host.nested("distribution").string("version"),
    cpus: host.number("cpus"),
    memoryTotalBytes: host.number("memTotal"),
    rootless: security.boolean("rootless"),
    selinuxEnabled: security.boolean("selinuxEnabled"),
    apparmorEnabled: security.boolean("apparmorEnabled"),
    seccompEnabled: security.boolean("seccompEnabled"),
    capabilities: security.string("capabilities"),
    remoteSocketPath: host.nested("remoteSocket").string("path"),
    cgroupVersion: host.string("cgroupVersion"),
    cgroupManager: host.string("cgroupManager"),
    cgroupControllers: host.strings("cgroupControllers"),
    eventLogger: host.string("eventLogger"),
    logDriver: host.string("logDriver"),
    networkBackend: host.string("networkBackend"),
    rootlessNetworkCommand: host.string("rootlessNetworkCmd") || toOlderNetworkCommand(host),
    databaseBackend: host.string("databaseBackend"),
    conmon: decodeProgram(host.nested("conmon")),
    ociRuntime: decodeProgram(host.nested("ociRuntime")),
    storage: decodeStorage(reader.nested("store")),
    logDrivers: reader.nested("plugins").strings("log"),
  };
}

/** Before 5.0 Podman knew one only, which need not be installed. */
function toOlderNetworkCommand(host: JsonReader): string {
  return host.nested("slirp4netns").string("executable") === "" ? "" : "slirp4netns";
}

function decodeProgram(reader: JsonReader): EngineProgram {
  return { name: reader.string("name"), path: reader.string("path"), version: reader.string("version") };
}

function decodeStorage(reader: JsonReader): EngineStorage {
  const containers = reader.nested("containerStore");
  return {
    driver: reader.string("graphDriverName"),
    graphRoot: reader.string("graphRoot"),
    runRoot: reader.string("runRoot"),
    volumePath: reader.string("volumePath"),
    imageCopyTmpDir: reader.string("imageCopyTmpDir"),
    containerCount: containers.number("number"),
    runningCount: containers.number("running"),
    imageCount: reader.nested("imageStore").number("number"),
  };
}
