import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OrdinaryUser } from "./ordinary-user.ts";
import { searchPath } from "./tool-path.ts";

/** Where an engine keeps what, and how it runs containers. */
export interface EngineLayout {
  /** Short path: sockets live here, and a socket's path must stay below 108 bytes. */
  readonly folder: string;
  /** Images and containers. */
  readonly storage: string;
  readonly storageDriver: StorageDriver;
  readonly ociRuntime: string;
  readonly ulimits: readonly string[];
  /** False: containers run without limits, since the kernel has no controllers for them. */
  readonly hasControllers: boolean;
  readonly bridge: { readonly name: string; readonly prefix: string };
  readonly eventsLogger: "file" | "journald";
}

export type StorageDriver = { readonly name: "overlay"; readonly mountProgram?: string } | { readonly name: "vfs" };

/** The engine's socket, below its folder. */
export function engineSocketPath(folder: string): string {
  return join(folder, "podman.sock");
}

/** Variables that make a `podman` command speak of this engine and of nothing that belongs to the user. */
export function engineEnvironment(folder: string, user?: OrdinaryUser): Readonly<Record<string, string>> {
  return {
    ...(user !== undefined && { USER: user.name, XDG_RUNTIME_DIR: join(folder, "runtime"), TMPDIR: join(folder, "tmpdir") }),
    CONTAINERS_CONF: join(folder, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(folder, "storage.conf"),
    CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf"),
    REGISTRY_AUTH_FILE: join(folder, "auth.json"),
    HOME: join(folder, "home"),
    PATH: searchPath(),
  };
}

/**
 * containers.conf text. The static folder has to be the default one below the storage: conmon's clean-up command is told
 * every other place by an option, but not this one, and without it an exit is noticed 20 s late.
 */
export function toContainersConf(layout: EngineLayout): string {
  const quoted = layout.ulimits.map((limit) => JSON.stringify(limit)).join(", ");
  const containers = [...(quoted === "" ? [] : [`default_ulimits = [${quoted}]`]), ...(layout.hasControllers ? [] : ["pids_limit = 0"])];
  return toToml({
    engine: {
      runtime: layout.ociRuntime,
      cgroup_manager: "cgroupfs",
      events_logger: layout.eventsLogger,
      tmp_dir: join(layout.folder, "tmp"),
      static_dir: join(layout.storage, "libpod"),
      volume_path: join(layout.storage, "volumes"),
    },
    network: { network_backend: "netavark", network_config_dir: join(layout.folder, "networks"), default_network: layout.bridge.name },
  }).concat(containers.length === 0 ? "" : ["[containers]", ...containers, ""].join("\n"));
}

/** storage.conf text. */
export function toStorageConf(layout: EngineLayout): string {
  const text = toToml({
    storage: {
      driver: layout.storageDriver.name,
      graphroot: layout.storage,
      runroot: join(layout.folder, "run"),
    },
  });
  if (layout.storageDriver.name === "vfs" || layout.storageDriver.mountProgram === undefined) return text;
  return text + toToml({ "storage.options.overlay": { mount_program: layout.storageDriver.mountProgram } });
}

function toToml(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
      return `[${name}]\n${lines.join("\n")}\n`;
    })
    .join("");
}

/**
 * The default network. The built-in one would always take the bridge `podman0`, which may be the user's; and netavark names
 * firewall chains after the network, so that two engines with a network of one name take down each other's rules.
 */
export function toNetworkFile(bridge: EngineLayout["bridge"]): string {
  return JSON.stringify({
    name: bridge.name,
    id: "0".repeat(63).concat("1"),
    driver: "bridge",
    network_interface: bridge.name,
    created: "2026-01-01T00:00:00Z",
    subnets: [{ subnet: `${bridge.prefix}.0/24`, gateway: `${bridge.prefix}.1` }],
    ipv6_enabled: false,
    internal: false,
    dns_enabled: false,
    ipam_options: { driver: "host-local" },
  });
}

/** The same for CNI, which makes the networks of Podman before 4.0. */
export function toCniFile(folder: string, bridge: EngineLayout["bridge"]): string {
  const ranges = [[{ subnet: `${bridge.prefix}.0/24`, gateway: `${bridge.prefix}.1` }]];
  const ipam = { type: "host-local", dataDir: join(folder, "cni"), routes: [{ dst: "0.0.0.0/0" }], ranges };
  return JSON.stringify({
    cniVersion: "0.4.0",
    name: bridge.name,
    plugins: [
      { type: "bridge", bridge: bridge.name, isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

/** Writes all of the engine's own configuration. */
export async function writeEngineConfig(layout: EngineLayout): Promise<void> {
  for (const name of ["networks", "home", "runtime", "tmpdir"]) await mkdir(join(layout.folder, name), { recursive: true });
  await mkdir(layout.storage, { recursive: true });
  const files: Record<string, string> = {
    "containers.conf": toContainersConf(layout),
    "storage.conf": toStorageConf(layout),
    "registries.conf": 'unqualified-search-registries = []\n',
    "auth.json": "{}\n",
    [`networks/${layout.bridge.name}.json`]: toNetworkFile(layout.bridge),
    [`networks/${layout.bridge.name}.conflist`]: toCniFile(layout.folder, layout.bridge),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(layout.folder, name), text);
}
