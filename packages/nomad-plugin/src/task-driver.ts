import type { Spec } from "./hclspec.ts";

/** Identity a plugin reports before it is configured (`nomad`: PluginInfo). */
export interface PluginInfo {
  readonly name: string;
  /** Bare semantic version; the agent refuses to start when it cannot parse it. */
  readonly version: string;
  readonly type: "driver" | "device" | "unknown";
  readonly apiVersions: readonly string[];
}

/** The agent's `plugin` block, already evaluated against the plugin's hclspec. */
export interface PluginConfig {
  /** msgpack of the config value; empty when the agent has no `config` block. */
  readonly msgpack: Uint8Array;
  /** Absent in the validation launch, present in the real one. */
  readonly client?: ClientConfig | undefined;
  readonly apiVersion: string;
}

export interface ClientConfig {
  readonly minPort: number;
  readonly maxPort: number;
  /** Absent on Nomad before 1.7. */
  readonly topology?: ClientTopology | undefined;
}

export interface ClientTopology {
  readonly coreCount: number;
  /** Sum over all cores, or the operator's `cpu_total_compute`. */
  readonly totalComputeMhz: number;
}

export type FsIsolation = "none" | "chroot" | "image" | "unveil";
export type NetworkIsolationMode = "host" | "group" | "task" | "none";

export interface DriverCapabilities {
  readonly sendSignals: boolean;
  readonly exec: boolean;
  readonly fsIsolation: FsIsolation;
  readonly networkIsolationModes: readonly NetworkIsolationMode[];
  readonly mustCreateNetwork: boolean;
  readonly acceptsMounts: boolean;
  /** True: Nomad starts no logmon, and the FIFOs do not exist (`nomad` 1.6). */
  readonly disableLogCollection: boolean;
  readonly dynamicWorkloadUsers: boolean;
}

export type AttributeValue = string | number | bigint | boolean;

export type HealthState = "undetected" | "unhealthy" | "healthy";

export interface Fingerprint {
  readonly health: HealthState;
  /** Deterministic text: each change of it becomes a node event. */
  readonly healthDescription: string;
  /** Copied to the node's attributes; bigint becomes an integer, number a float. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface Mount {
  readonly taskPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
  readonly propagationMode: string;
  readonly selinuxLabel: string;
  readonly requestName: string;
}

export interface Device {
  readonly taskPath: string;
  readonly hostPath: string;
  /** Letters of r, w, m. */
  readonly cgroupPermissions: string;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface NetworkIsolationSpec {
  readonly mode: NetworkIsolationMode;
  /** Network namespace file; empty when there is none. */
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hosts?: { readonly hostname: string; readonly address: string } | undefined;
}

export interface PortMapping {
  readonly label: string;
  readonly hostPort: number;
  /** Port inside the task; 0 means the same as the host port. */
  readonly to: number;
  readonly hostIp: string;
}

/** A network of the task itself (deprecated in jobs, still sent). */
export interface NetworkResource {
  readonly device: string;
  readonly cidr: string;
  readonly ip: string;
  readonly reservedPorts: readonly { readonly label: string; readonly port: number }[];
  readonly dynamicPorts: readonly { readonly label: string; readonly port: number }[];
}

export interface TaskResources {
  readonly cpuShares: number;
  readonly memoryMb: number;
  /** 0: not set; -1: no limit (`nomad` 2.0.4). */
  readonly memoryMaxMb: number;
  readonly networks: readonly NetworkResource[];
  readonly ports: readonly PortMapping[];
  readonly linux: LinuxResources;
}

export interface LinuxResources {
  readonly cpuPeriodUs: number;
  readonly cpuQuotaUs: number;
  readonly cpuShares: number;
  readonly memoryLimitBytes: number;
  readonly oomScoreAdj: number;
  /** List of reserved cores, e.g. `0,1,5`; empty without `cores`. */
  readonly cpusetCpus: string;
  readonly cpusetCgroup: string;
  /** Share of the node's usable compute, 0 to 1. */
  readonly percentTicks: number;
}

/** Everything Nomad says about one start of a task (`nomad`: TaskConfig). */
export interface TaskConfig {
  /** `<alloc id>/<task name>/<8 hex>`, new for every start. */
  readonly id: string;
  readonly name: string;
  readonly allocId: string;
  readonly jobName: string;
  readonly jobId: string;
  readonly taskGroupName: string;
  readonly namespace: string;
  readonly nodeName: string;
  readonly nodeId: string;
  readonly parentJobId: string;
  readonly user: string;
  /** Host path of the allocation directory. */
  readonly allocDir: string;
  /** FIFO, `/dev/null`, or (log collection off) a path that does not exist. */
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly deviceEnv: Readonly<Record<string, string>>;
  readonly resources: TaskResources;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly dns?: DnsConfig | undefined;
  readonly networkIsolation?: NetworkIsolationSpec | undefined;
  /** The job's `config` block, msgpack; empty in RecoverTask after an agent restart. */
  readonly driverConfig: Uint8Array;
}

export type TaskState = "unknown" | "running" | "exited";

/** What Nomad keeps of a started task and hands back to RecoverTask. */
export interface TaskHandle {
  readonly version: number;
  readonly config: TaskConfig;
  readonly state: TaskState;
  readonly driverState: Uint8Array;
}

export interface DriverNetwork {
  readonly ip: string;
  readonly portMap: Readonly<Record<string, number>>;
  readonly autoAdvertise: boolean;
}

export interface StartedTask {
  readonly handle: TaskHandle;
  readonly network?: DriverNetwork | undefined;
}

/** The end of a process. Success is exit code 0, no signal and no `error` beside it. */
export interface ExitResult {
  readonly exitCode: number;
  readonly signal: number;
  readonly oomKilled: boolean;
}

export interface WaitResult extends ExitResult {
  /** Non-empty: the exit counts as failed and Nomad shows this text. */
  readonly error?: string | undefined;
}

export interface TaskStatus {
  readonly id: string;
  readonly name: string;
  readonly state: TaskState;
  readonly startedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly result: ExitResult | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A field left out was not measured. */
export interface CpuUsage {
  /** Percent of one core: 200 means two cores. */
  readonly percent?: number | undefined;
  readonly userPercent?: number | undefined;
  readonly systemPercent?: number | undefined;
  readonly totalTicksMhz?: number | undefined;
  readonly throttledPeriods?: number | undefined;
  readonly throttledTimeNs?: number | undefined;
}

/** A field left out was not measured. */
export interface MemoryUsage {
  readonly usageBytes?: number | undefined;
  readonly rssBytes?: number | undefined;
  readonly cacheBytes?: number | undefined;
  readonly swapBytes?: number | undefined;
  readonly maxUsageBytes?: number | undefined;
  readonly kernelUsageBytes?: number | undefined;
  readonly kernelMaxUsageBytes?: number | undefined;
}

export interface TaskStats {
  /** Nanoseconds since the epoch: the moment the counters were read. */
  readonly timestampNs: bigint;
  readonly cpu: CpuUsage;
  readonly memory: MemoryUsage;
}

export interface TaskEvent {
  readonly taskId: string;
  readonly taskName: string;
  readonly allocId: string;
  readonly timestamp: Date;
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ExecOutput {
  /** The last 4096 bytes of each stream. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly result: ExitResult;
}

export interface ExecSetup {
  readonly command: readonly string[];
  readonly tty: boolean;
}

export type ExecInput =
  | { readonly kind: "stdin"; readonly data: Uint8Array }
  | { readonly kind: "stdin-close" }
  | { readonly kind: "resize"; readonly height: number; readonly width: number };

export type ExecUpdate =
  | { readonly kind: "stdout" | "stderr"; readonly data: Uint8Array }
  | { readonly kind: "exited"; readonly result: ExitResult };

/** What a host asks of the network of an allocation. */
export interface NetworkWish {
  /** Empty: the group gives itself none. */
  readonly hostname: string;
  /**
   * Only from hosts that do not connect networks themselves, as Nomad does with CNI plugins: the driver is to give the network an
   * address and to lead these ports of the host to it, or to give it loopback alone, where no port leads to.
   */
  readonly connection?: { readonly ports: readonly PortMapping[]; readonly isLoopbackOnly?: boolean } | undefined;
}

export interface CreatedNetwork {
  readonly spec: NetworkIsolationSpec;
  readonly created: boolean;
}

/**
 * A Nomad task driver. The server adapter turns RPCs into calls of this interface; the client adapter
 * implements it over a connection, so a test cannot tell a driver in this process from one behind gRPC.
 *
 * Every method rejects with a `DriverError`; `signal` fires when the caller hangs up or its deadline passes.
 */
export interface TaskDriver {
  pluginInfo(signal: AbortSignal): Promise<PluginInfo>;
  /** Undefined: the plugin takes no configuration. */
  configSchema(signal: AbortSignal): Promise<Spec | undefined>;
  /** Called up to three times; must be cheap, idempotent, and must not touch tasks. */
  setConfig(config: PluginConfig, signal: AbortSignal): Promise<void>;

  taskConfigSchema(signal: AbortSignal): Promise<Spec>;
  capabilities(signal: AbortSignal): Promise<DriverCapabilities>;
  /** Yields at once, then on change; ends only with `signal`. */
  fingerprint(signal: AbortSignal): AsyncIterable<Fingerprint>;
  /** All tasks' events; ends only with `signal`. */
  taskEvents(signal: AbortSignal): AsyncIterable<TaskEvent>;

  startTask(config: TaskConfig, signal: AbortSignal): Promise<StartedTask>;
  /** Idempotent: a known task id resolves at once. */
  recoverTask(handle: TaskHandle, signal: AbortSignal): Promise<void>;
  /** Any number of concurrent and late callers get the same result, until destroyTask. */
  waitTask(taskId: string, signal: AbortSignal): Promise<WaitResult>;
  /** `killSignal` empty: the driver's default. Resolves for a task that is already gone. */
  stopTask(taskId: string, options: { readonly timeoutMs: number; readonly killSignal: string }, signal: AbortSignal): Promise<void>;
  destroyTask(taskId: string, options: { readonly force: boolean }, signal: AbortSignal): Promise<void>;
  inspectTask(taskId: string, signal: AbortSignal): Promise<TaskStatus>;
  /** First sample at once, then each `intervalMs`; ends with the task or with `signal`. */
  taskStats(taskId: string, options: { readonly intervalMs: number }, signal: AbortSignal): AsyncIterable<TaskStats>;
  signalTask(taskId: string, signalName: string, signal: AbortSignal): Promise<void>;
  /** `timeoutMs` 0: no limit. */
  execTask(
    taskId: string,
    options: { readonly command: readonly string[]; readonly timeoutMs: number },
    signal: AbortSignal,
  ): Promise<ExecOutput>;
  /** Ends after one `exited` update. Input may go on without end; the caller need not half-close. */
  execTaskStreaming(taskId: string, setup: ExecSetup, input: AsyncIterable<ExecInput>, signal: AbortSignal): AsyncIterable<ExecUpdate>;

  createNetwork(allocId: string, wish: NetworkWish, signal: AbortSignal): Promise<CreatedNetwork>;
  destroyNetwork(allocId: string, spec: NetworkIsolationSpec | undefined, signal: AbortSignal): Promise<void>;

  /** After setConfig or a reattach, before fingerprint (`nomad` 2.0.4). */
  init(signal: AbortSignal): Promise<void>;
  /** The agent stops; tasks go on (`nomad` 2.0.4, two seconds). */
  shutdown(signal: AbortSignal): Promise<void>;
}
