import { capabilityNames, toCapabilityName } from "./capability-names.ts";
import type { PluginOptions } from "./plugin-schema.ts";
import type { Report } from "./report.ts";
import { resolveVolumePolicy, type VolumePolicy } from "./resolve-volume-policy.ts";

/** The namespaces whose modes an operator may limit, as `allowed_modes` calls them. */
export type NamespaceKind = "pid" | "ipc" | "userns" | "uts" | "network" | "cgroup";

/** What the operator lets tasks ask for. A list that is undefined lets everything pass. */
export interface OperatorPolicy {
  readonly volumes: VolumePolicy;
  /** Globs of device paths and CDI names; empty: any will do. */
  readonly allowedDevices: readonly string[];
  readonly allowsPrivileged: boolean;
  /** Whether a task may lift what confines it besides capabilities: seccomp, AppArmor, SELinux, the masks over /proc. */
  readonly allowsUnconfined: boolean;
  /** The most a task can have, without CAP_; `ALL` is every one. */
  readonly caps: readonly string[] | undefined;
  /** Globs of OCI runtimes; with `*` among them tasks may set annotations too, which runtimes obey. */
  readonly runtimes: readonly string[] | undefined;
  /** Globs of modes; one that begins with `!` takes away. */
  readonly modes: Readonly<Record<NamespaceKind, readonly string[] | undefined>>;
  /** Globs of the addresses that archives of images may be fetched from, without their queries. */
  readonly imageUrls: readonly string[] | undefined;
  /** Globs of the names of Podman services. */
  readonly sockets: readonly string[] | undefined;
  /** What a task that names no service runs on. */
  readonly defaultSocket: string;
  /** The most processes of a task, and what a task gets that asks for none. */
  readonly pidsLimit: number | undefined;
  /** False: a task has no swap beside its memory, and cannot ask for some. */
  readonly allowsSwap: boolean;
}

/** Lets tasks ask for everything, as the Go driver does. */
export const openPolicy: OperatorPolicy = {
  volumes: { isEnabled: true, allowedPaths: [] },
  allowedDevices: [],
  allowsPrivileged: true,
  allowsUnconfined: true,
  caps: undefined,
  runtimes: undefined,
  modes: { pid: undefined, ipc: undefined, userns: undefined, uts: undefined, network: undefined, cgroup: undefined },
  imageUrls: undefined,
  sockets: undefined,
  defaultSocket: "default",
  pidsLimit: undefined,
  allowsSwap: true,
};

/** What `policy = "strict"` sets where the operator does not say otherwise; docs/policy.md has it as a table. */
export const strictPolicy: OperatorPolicy = {
  ...openPolicy,
  allowsPrivileged: false,
  allowsUnconfined: false,
  // The list of Nomad's Docker driver: Docker's own without NET_RAW.
  caps: [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
    "SETUID", "SYS_CHROOT",
  ],
  runtimes: ["crun", "runc"],
  // The word that stands for none, and that no address is.
  imageUrls: ["none"],
  modes: {
    pid: ["task:*"],
    ipc: ["shareable", "task:*"],
    userns: ["default", "auto", "auto:*", "keep-id", "keep-id:*", "nomap", "task:*"],
    uts: ["task:*"],
    network: ["*", "!host", "!ns:*", "!container:*"],
    cgroup: ["task:*"],
  },
};

type PolicyOptions = Pick<
  PluginOptions,
  | "policy"
  | "volumes"
  | "allow_devices"
  | "allow_privileged"
  | "allow_unconfined"
  | "allow_caps"
  | "allow_runtimes"
  | "allow_image_urls"
  | "allowed_modes"
  | "allowed_sockets"
  | "pids_limit"
  | "allow_swap"
>;

/**
 * The policy that a plugin config comes to: the preset, with what is set beside it in its place; an empty list is not set. As soon
 * as something is limited that `privileged` would undo, `allow_privileged` is false unless it is set.
 * @param defaultSocket name of the service of tasks that choose none
 */
export function resolvePolicy(options: PolicyOptions, defaultSocket: string, report: Report): OperatorPolicy {
  const preset = options.policy === "strict" ? strictPolicy : openPolicy;
  const caps = orPreset(options.allow_caps.map((text) => toAllowedCapability(text, report)), preset.caps);
  const allowsUnconfined = options.allow_unconfined ?? preset.allowsUnconfined;
  const isLimited = !allowsUnconfined || options.allow_devices.length > 0 || (caps !== undefined && !caps.includes("ALL"));
  return {
    volumes: resolveVolumePolicy(options.volumes, report),
    allowedDevices: options.allow_devices,
    allowsPrivileged: options.allow_privileged ?? !isLimited,
    allowsUnconfined,
    caps,
    runtimes: orPreset(options.allow_runtimes, preset.runtimes),
    modes: resolveModes(options.allowed_modes, preset.modes),
    imageUrls: orPreset(options.allow_image_urls, preset.imageUrls),
    sockets: orPreset(options.allowed_sockets, preset.sockets),
    defaultSocket,
    pidsLimit: toPidsLimit(options.pids_limit ?? 0, report) ?? preset.pidsLimit,
    allowsSwap: options.allow_swap,
  };
}

function orPreset(list: readonly string[], preset: readonly string[] | undefined): readonly string[] | undefined {
  return list.length > 0 ? list : preset;
}

function resolveModes(given: PolicyOptions["allowed_modes"], preset: OperatorPolicy["modes"]): OperatorPolicy["modes"] {
  const { pid = [], ipc = [], userns = [], uts = [], network = [], cgroup = [] } = given ?? {};
  return {
    pid: orPreset(pid, preset.pid),
    ipc: orPreset(ipc, preset.ipc),
    userns: orPreset(userns, preset.userns),
    uts: orPreset(uts, preset.uts),
    network: orPreset(network, preset.network),
    cgroup: orPreset(cgroup, preset.cgroup),
  };
}

/** The word that makes a list not empty, and allows nothing. */
const noCapability = "none";

function toAllowedCapability(text: string, report: Report): string {
  const name = text === noCapability ? text : toCapabilityName(text);
  if (name !== undefined) return name;
  const remedy = `there are ${capabilityNames.join(", ")}, and the words all and none`;
  report.refuse({ key: "allow_caps", value: text, problem: "is no capability", remedy });
  return text;
}

function toPidsLimit(limit: number, report: Report): number | undefined {
  if (limit < 0) {
    const remedy = "write the most processes that a task may have, or 0 for none";
    report.refuse({ key: "pids_limit", value: limit, problem: "is no limit", remedy });
  }
  return limit > 0 ? limit : undefined;
}
