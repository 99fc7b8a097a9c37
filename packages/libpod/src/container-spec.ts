/** The body of container create in Podman's own spelling (podman: specgen.SpecGenerator). Absent keys get Podman's default. */
export interface ContainerSpec
  extends ContainerProcessSpec, ContainerStorageSpec, ContainerNetworkSpec, ContainerLimitsSpec, ContainerSecuritySpec, ContainerLifeSpec {
  /** `[a-zA-Z0-9][a-zA-Z0-9_.-]*`, unique on the engine. */
  readonly name?: string | undefined;
  /** Reference or id of a local image; create never pulls. */
  readonly image?: string | undefined;
  /** Path of an unpacked root file system, instead of an image. */
  readonly rootfs?: string | undefined;
  /** True: what the container changes in it is kept apart, and dropped with the container. */
  readonly rootfs_overlay?: boolean | undefined;
  readonly labels?: StringMap | undefined;
  readonly annotations?: StringMap | undefined;
  readonly log_configuration?: LogConfiguration | undefined;
  readonly oci_runtime?: string | undefined;
  readonly pod?: string | undefined;
}

export type StringMap = Readonly<Record<string, string>>;

export interface ContainerProcessSpec {
  readonly command?: readonly string[] | undefined;
  /** Replaces the image's; its CMD is then dropped too unless `command` is given. */
  readonly entrypoint?: readonly string[] | undefined;
  readonly env?: StringMap | undefined;
  readonly work_dir?: string | undefined;
  /** Podman 4.0 and later. */
  readonly create_working_dir?: boolean | undefined;
  /** "name", "uid" or "uid:gid". */
  readonly user?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly terminal?: boolean | undefined;
  readonly stdin?: boolean | undefined;
  readonly hostname?: string | undefined;
  /** "Europe/Paris", or "local" for the host's. */
  readonly timezone?: string | undefined;
  /** Octal digits. */
  readonly umask?: string | undefined;
  readonly init?: boolean | undefined;
  readonly init_path?: string | undefined;
  readonly secrets?: readonly SecretSpec[] | undefined;
  /** Variable name to secret name. */
  readonly secret_env?: StringMap | undefined;
}

export interface SecretSpec {
  readonly Source: string;
  readonly Target?: string | undefined;
  readonly UID?: number | undefined;
  readonly GID?: number | undefined;
  readonly Mode?: number | undefined;
}

export interface ContainerStorageSpec {
  readonly mounts?: readonly MountSpec[] | undefined;
  readonly volumes?: readonly NamedVolumeSpec[] | undefined;
  readonly overlay_volumes?: readonly OverlayVolumeSpec[] | undefined;
  readonly image_volumes?: readonly ImageVolumeSpec[] | undefined;
  readonly devices?: readonly DeviceSpec[] | undefined;
  readonly shm_size?: number | undefined;
  readonly storage_opts?: StringMap | undefined;
}

/** A bind, tmpfs or devpts mount; `source` may be left out for tmpfs. */
export interface MountSpec {
  readonly type: string;
  readonly source?: string | undefined;
  readonly destination: string;
  readonly options?: readonly string[] | undefined;
}

/** Without `Name` an anonymous volume; a named one is created on demand. */
export interface NamedVolumeSpec {
  readonly Name?: string | undefined;
  readonly Dest: string;
  readonly Options?: readonly string[] | undefined;
  /** Folder or file within the volume. Podman 4.3 mounts the whole volume all the same. */
  readonly SubPath?: string | undefined;
}

export interface OverlayVolumeSpec {
  readonly destination: string;
  readonly source: string;
  readonly options?: readonly string[] | undefined;
}

export interface ImageVolumeSpec {
  readonly Destination: string;
  readonly Source: string;
  readonly ReadWrite?: boolean | undefined;
}

/** A node, "host:container:rwm", or a CDI name. */
export interface DeviceSpec {
  readonly path: string;
}

/** `nsmode`: default, host, private, path, container, pod, none, and per kind bridge, slirp4netns, pasta, shareable, keep-id, auto. */
export interface NamespaceSpec {
  readonly nsmode: string;
  /** File for "path", id for "container", options for "keep-id" and "auto". */
  readonly value?: string | undefined;
}

export interface ContainerNetworkSpec {
  readonly netns?: NamespaceSpec | undefined;
  readonly portmappings?: readonly PortMappingSpec[] | undefined;
  /** Network name to its options; wants `netns` "bridge". Podman 4.0 and later. */
  readonly Networks?: Readonly<Record<string, PerNetworkSpec>> | undefined;
  /** Options of slirp4netns or pasta by mode. */
  readonly network_options?: Readonly<Record<string, readonly string[]>> | undefined;
  /** IP addresses. */
  readonly dns_server?: readonly string[] | undefined;
  readonly dns_search?: readonly string[] | undefined;
  readonly dns_option?: readonly string[] | undefined;
  /** "name:address". */
  readonly hostadd?: readonly string[] | undefined;
}

export interface PortMappingSpec {
  readonly container_port: number;
  /** Absent: a random port. */
  readonly host_port?: number | undefined;
  readonly host_ip?: string | undefined;
  /** "tcp", "udp", "sctp" or a list with commas. */
  readonly protocol?: string | undefined;
}

export interface PerNetworkSpec {
  readonly static_ips?: readonly string[] | undefined;
  readonly static_mac?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly interface_name?: string | undefined;
}

export interface ContainerLimitsSpec extends BlockIoSpec {
  readonly resource_limits?: ResourceLimits | undefined;
  readonly r_limits?: readonly RlimitSpec[] | undefined;
  readonly oom_score_adj?: number | undefined;
  readonly sysctl?: StringMap | undefined;
  readonly cgroup_parent?: string | undefined;
}

/** Figures for block devices of the host by their path; rates are a second. */
export interface BlockIoSpec {
  /** 10 to 1000; needs the I/O scheduler bfq (podman 4.3 with runc, 5.4 with crun). */
  readonly weightDevice?: Readonly<Record<string, { readonly weight: number }>> | undefined;
  readonly throttleReadBpsDevice?: DeviceRates | undefined;
  readonly throttleWriteBpsDevice?: DeviceRates | undefined;
  readonly throttleReadIOPSDevice?: DeviceRates | undefined;
  readonly throttleWriteIOPSDevice?: DeviceRates | undefined;
}

export type DeviceRates = Readonly<Record<string, { readonly rate: number }>>;

/** OCI LinuxResources (opencontainers/runtime-spec). */
export interface ResourceLimits {
  readonly memory?: MemoryLimits | undefined;
  readonly cpu?: CpuLimits | undefined;
  readonly pids?: { readonly limit: number } | undefined;
  readonly blockIO?: { readonly weight?: number | undefined } | undefined;
  /** cgroup v2 file to its content. */
  readonly unified?: StringMap | undefined;
}

/** Bytes; `swap` is memory and swap together, and absent means twice the limit. */
export interface MemoryLimits {
  readonly limit?: number | undefined;
  readonly reservation?: number | undefined;
  readonly swap?: number | undefined;
  /** 0 to 100. */
  readonly swappiness?: number | undefined;
}

/** `quota` and `period` are microseconds. */
export interface CpuLimits {
  readonly shares?: number | undefined;
  readonly quota?: number | undefined;
  readonly period?: number | undefined;
  /** Lists such as "0-3,7". */
  readonly cpus?: string | undefined;
  readonly mems?: string | undefined;
}

/** `type` is lower case without "RLIMIT_"; unlimited is 18446744073709551615n, which every version takes. */
export interface RlimitSpec {
  readonly type: string;
  readonly soft: number | bigint;
  readonly hard: number | bigint;
}

export interface ContainerSecuritySpec {
  readonly userns?: NamespaceSpec | undefined;
  readonly ipcns?: NamespaceSpec | undefined;
  readonly pidns?: NamespaceSpec | undefined;
  readonly utsns?: NamespaceSpec | undefined;
  readonly cgroupns?: NamespaceSpec | undefined;
  readonly idmappings?: IdMappings | undefined;
  readonly cap_add?: readonly string[] | undefined;
  readonly cap_drop?: readonly string[] | undefined;
  /** File, or "unconfined". */
  readonly seccomp_profile_path?: string | undefined;
  readonly apparmor_profile?: string | undefined;
  readonly selinux_opts?: readonly string[] | undefined;
  /** The container may give labels to containers of its own. Unknown to podman 4.3. */
  readonly label_nested?: boolean | undefined;
  readonly no_new_privileges?: boolean | undefined;
  /** Mount options of /proc, such as "hidepid=2". */
  readonly procfs_opts?: readonly string[] | undefined;
  readonly mask?: readonly string[] | undefined;
  readonly unmask?: readonly string[] | undefined;
  readonly privileged?: boolean | undefined;
  readonly read_only_filesystem?: boolean | undefined;
  /** Podman 4.4 and later. */
  readonly read_write_tmpfs?: boolean | undefined;
}

export interface IdMappings {
  readonly UIDMap?: readonly IdMap[] | undefined;
  readonly GIDMap?: readonly IdMap[] | undefined;
  /** Counts only with `userns` "auto", and that only with this. */
  readonly AutoUserNs?: boolean | undefined;
  readonly AutoUserNsOpts?: AutoUserNsOptions | undefined;
}

export interface AutoUserNsOptions {
  /** Number of ids; absent: as many as the image needs. */
  readonly Size?: number | undefined;
  readonly AdditionalUIDMappings?: readonly IdMap[] | undefined;
  readonly AdditionalGIDMappings?: readonly IdMap[] | undefined;
}

export interface IdMap {
  readonly container_id: number;
  readonly host_id: number;
  readonly size: number;
}

export interface ContainerLifeSpec {
  /** A number: names are refused here. */
  readonly stop_signal?: number | undefined;
  /** Seconds. */
  readonly stop_timeout?: number | undefined;
  readonly healthconfig?: HealthConfig | undefined;
  /** 0 none, 2 kill, 3 restart, 4 stop. Podman 4.3 and later. */
  readonly health_check_on_failure_action?: number | undefined;
  /** Runs instead of the other until it has succeeded. Later than Podman 4.3, which ignores it. */
  readonly startupHealthConfig?: StartupHealthConfig | undefined;
}

/** Times are nanoseconds. What is left out is 0, and a time-out of 0 fails every check (podman 4.3, 5.4). */
export interface HealthConfig {
  /** `["CMD-SHELL", line]`, `["CMD", argument…]` or `["NONE"]`. */
  readonly Test: readonly string[];
  readonly Interval?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly StartPeriod?: number | undefined;
  readonly Retries?: number | undefined;
}

export interface StartupHealthConfig extends HealthConfig {
  /** Checks that have to succeed. */
  readonly Successes?: number | undefined;
}

export interface LogConfiguration {
  readonly driver?: string | undefined;
  readonly path?: string | undefined;
  /** Bytes; the `max-size` option is ignored by create. */
  readonly size?: number | undefined;
  readonly options?: StringMap | undefined;
}
