import { JsonReader } from "./json-reader.ts";

/** What the engine says about itself and its host. Empty text means that this version does not say. */
export interface PodmanInfo {
  /** Podman's version, such as "4.3.1". */
  readonly version: string;
  readonly os: string;
  readonly arch: string;
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
  readonly networkBackend: string;
  /** What gives an ordinary user's containers a network: "pasta" or "slirp4netns". */
  readonly rootlessNetworkCommand: string;
  readonly conmon: EngineProgram;
  readonly ociRuntime: EngineProgram;
  readonly storage: EngineStorage;
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
  /** Where the blobs of a pull are kept until all have come. */
  readonly imageCopyTmpDir: string;
}

/** Decodes `GET /info`; a member of a wrong type is a JsonShapeError. */
export function decodePodmanInfo(value: unknown): PodmanInfo {
  const reader = new JsonReader(value, "info");
  const host = reader.nested("host");
  const security = host.nested("security");
  const version = reader.nested("version");
  return {
    version: version.requiredString("Version"),
    os: host.string("os"),
    arch: host.string("arch"),
    rootless: security.boolean("rootless"),
    selinuxEnabled: security.boolean("selinuxEnabled"),
    apparmorEnabled: security.boolean("apparmorEnabled"),
    seccompEnabled: security.boolean("seccompEnabled"),
    capabilities: security.string("capabilities"),
    remoteSocketPath: host.nested("remoteSocket").string("path"),
    cgroupVersion: host.string("cgroupVersion"),
    cgroupManager: host.string("cgroupManager"),
    cgroupControllers: host.strings("cgroupControllers"),
    networkBackend: host.string("networkBackend"),
    rootlessNetworkCommand: host.string("rootlessNetworkCmd") || toOlderNetworkCommand(host),
    conmon: decodeProgram(host.nested("conmon")),
    ociRuntime: decodeProgram(host.nested("ociRuntime")),
    storage: decodeStorage(reader.nested("store")),
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
  return {
    driver: reader.string("graphDriverName"),
    graphRoot: reader.string("graphRoot"),
    runRoot: reader.string("runRoot"),
    imageCopyTmpDir: reader.string("imageCopyTmpDir"),
  };
}
