import { isIP } from "node:net";
import { DriverError, type DriverNetwork, type TaskConfig } from "@driver/nomad-plugin";

/** A namespace in Podman's spelling. */
export interface PodmanNamespace {
  readonly nsmode: string;
  readonly value?: string;
}

export interface NetworkFacts {
  readonly rootless: boolean;
  /** Podman's version, e.g. `4.3.1`. */
  readonly version: string;
  /** The operator's `networking.default_rootless_mode`; empty: chosen by version. */
  readonly defaultRootlessMode: string;
}

export interface PlannedNetwork {
  readonly netns: PodmanNamespace;
  /** For a task event: what the operator wrote and what happens instead. */
  readonly notice?: string;
}

/** The group's network namespace wins over `network_mode`, as it always has with Podman tasks; the task is told. */
export function planNetwork(task: TaskConfig, networkMode: string, facts: NetworkFacts): PlannedNetwork {
  const groupPath = task.networkIsolation?.path ?? "";
  if (groupPath !== "") {
    if (facts.rootless) {
      throw new DriverError(
        "config-invalid",
        "a rootless Podman cannot join the group's network namespace, which belongs to root: remove the group's network mode or use a rootful socket",
      );
    }
    const notice = networkMode === "" ? {} : { notice: `network_mode "${networkMode}" is not used: the task joins its group's network` };
    return { netns: { nsmode: "path", value: groupPath }, ...notice };
  }
  return { netns: { nsmode: networkMode === "" ? defaultMode(facts) : checkNetworkMode(networkMode) } };
}

/**
 * The line of /etc/hosts that Nomad wants in each task of a group, in Podman's spelling. Podman writes down whatever it is
 * given (podman 4.3 to 6.1), so the address is checked here.
 * @throws DriverError `config-invalid`
 */
export function planHosts({ networkIsolation }: TaskConfig): { readonly hostadd?: readonly string[] } {
  const { hostname = "", address = "" } = networkIsolation?.hosts ?? {};
  if (hostname === "") return {};
  if (isIP(address) === 0) throw new DriverError("config-invalid", `the group's network: the address of the host name ${hostname} is "${address}", which is not an IP address`);
  return { hostadd: [`${hostname}:${address}`] };
}

const plainModes = ["bridge", "host", "none"];

/** @throws DriverError `unsupported` for a mode that this version does not have */
export function checkNetworkMode(networkMode: string): string {
  if (plainModes.includes(networkMode)) return networkMode;
  throw new DriverError("unsupported", `network_mode "${networkMode}" is not supported yet: use one of ${plainModes.join(", ")}`);
}

function defaultMode(facts: NetworkFacts): string {
  if (!facts.rootless) return "bridge";
  if (facts.defaultRootlessMode !== "") return facts.defaultRootlessMode;
  // 5.0 made pasta the default; a prerelease of it counts.
  return Number(facts.version.split(".")[0]) >= 5 ? "pasta" : "slirp4netns";
}

/** The network part of Podman's inspect answer. */
export interface ObservedNetwork {
  /** Filled for the default network only. */
  readonly ipAddress: string;
  readonly networks: Readonly<Record<string, { readonly ipAddress: string; readonly ipv6Address: string }>>;
}

/**
 * The address the task has of its own, for Nomad's services. Undefined where it has none (host network, pasta,
 * slirp4netns): services must then register the host's address and port, so nothing is advertised.
 */
export function toDriverNetwork(observed: ObservedNetwork, portMap: Readonly<Record<string, number>>): DriverNetwork | undefined {
  const joined = Object.values(observed.networks);
  const candidates = [observed.ipAddress, ...joined.map((one) => one.ipAddress), ...joined.map((one) => one.ipv6Address)];
  const ip = candidates.find((address) => address !== "");
  return ip === undefined ? undefined : { ip, portMap, autoAdvertise: true };
}
