import type { ConfigBody, Position } from "@driver/nomad-plugin";

export type JobType = "service" | "batch" | "system" | "sysbatch";

/** Something the job says that has no effect on one machine. */
export interface JobNote {
  readonly message: string;
  readonly position: Position;
}

/** When a job is launched, again and again. */
export interface PeriodicLaunch {
  /** False: a server keeps the job and never launches it. */
  readonly isEnabled: boolean;
  /** As Nomad reads them; the earliest time of all counts. */
  readonly crons: readonly string[];
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
  /** True: no launch while an earlier one runs. */
  readonly prohibitsOverlap: boolean;
  readonly position: Position;
}

/** What must be given to a job that is dispatched. */
export interface JobParameters {
  readonly payload: "optional" | "required" | "forbidden";
  readonly metaRequired: readonly string[];
  readonly metaOptional: readonly string[];
  readonly position: Position;
}

/** A job as this host runs it: decoded, checked, with Nomad's defaults filled in. */
export interface Job {
  readonly id: string;
  /** The job that this one is a launch of. */
  readonly parentId?: string | undefined;
  readonly name: string;
  readonly type: JobType;
  readonly namespace: string;
  readonly region: string;
  readonly datacenters: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly groups: readonly TaskGroup[];
  readonly periodic?: PeriodicLaunch | undefined;
  readonly parameters?: JobParameters | undefined;
  /** What a dispatch brought along, for the tasks that want it. */
  readonly payload?: Uint8Array | undefined;
  /** In the order of the file. */
  readonly notes: readonly JobNote[];
  readonly position: Position;
}

/** A service of a group or task. Texts may hold `${NOMAD_…}`. */
export interface Service {
  readonly name: string;
  /** Of a port of the group; empty: it has none. */
  readonly portLabel: string;
  readonly tags: readonly string[];
  readonly provider: "consul" | "nomad";
  /** Empty: that of its port. */
  readonly address: string;
  readonly checks: readonly ServiceCheck[];
  readonly position: Position;
}

export interface ServiceCheck {
  readonly name: string;
  readonly type: "grpc" | "http" | "script" | "tcp";
  /** Of a port of the group, or a number; empty for scripts. */
  readonly portLabel: string;
  /** `host`, `driver`, `alloc` or `alloc_ipv6`; empty: the service's own address, else the host's. */
  readonly addressMode: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The task that a script runs in. */
  readonly taskName: string;
  readonly path: string;
  readonly protocol: "http" | "https";
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  /** True: certificates are not looked at. */
  readonly isInsecure: boolean;
  /** The name that a certificate must have; empty: that of the address. */
  readonly tlsServerName: string;
  /** The service that a gRPC server is asked about; empty: the server itself. */
  readonly grpcService: string;
  readonly isGrpcOverTls: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** As Consul has it before the first result; empty: critical. */
  readonly initialStatus: string;
  /** How many results in a row change the status. */
  readonly thresholds: CheckThresholds;
  /** Whether a rollout waits for it: `ignore` means it does not. */
  readonly isReadiness: boolean;
  /** Absent: a check that fails restarts nothing. */
  readonly restart?: CheckRestart | undefined;
  readonly position: Position;
}

/** Results in a row; 0 counts as 1. */
export interface CheckThresholds {
  readonly successesBeforePassing: number;
  readonly failuresBeforeCritical: number;
  /** 0: as many as before critical. */
  readonly failuresBeforeWarning: number;
}

/** What restarts the tasks of a check that fails. */
export interface CheckRestart {
  /** Failing for this many intervals; from 1 on. */
  readonly limit: number;
  /** So long after a start it is let be. */
  readonly graceMs: number;
  /** True: a warning counts as health. */
  readonly ignoresWarnings: boolean;
}

export interface TaskGroup {
  readonly name: string;
  /** How many allocations of the group run; 0 means none. */
  readonly count: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly network?: GroupNetwork | undefined;
  readonly tasks: readonly Task[];
  readonly services: readonly Service[];
  /** What `volume_mount` blocks of its tasks can ask for. */
  readonly volumes: readonly GroupVolume[];
  readonly shutdownDelayMs: number;
  readonly position: Position;
}

/** A host volume that a group needs. */
export interface GroupVolume {
  /** What the group's tasks call it. */
  readonly name: string;
  /** What the machine calls it. */
  readonly source: string;
  readonly isReadOnly: boolean;
  /** True: each copy of the group has its own; `[0]`, `[1]` … follows the source. */
  readonly isPerAlloc: boolean;
  readonly position: Position;
}

/** A group's volume in the container of one of its tasks. Texts may hold `${NOMAD_…}`. */
export interface VolumeMount {
  readonly volume: string;
  readonly destination: string;
  readonly isReadOnly: boolean;
  /** `private`, `host-to-task`, `bidirectional`, or empty. */
  readonly propagationMode: string;
  /** `z`, `Z` or empty. */
  readonly selinuxLabel: string;
  readonly position: Position;
}

export interface GroupNetwork {
  /** `host` (the default), `bridge`, `none` or `cni/<name>`. */
  readonly mode: string;
  readonly ports: readonly GroupPort[];
  /** That of the group, where it has a network of its own. */
  readonly hostname?: string | undefined;
  readonly dns?:
    { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] } | undefined;
  readonly position: Position;
}

export interface GroupPort {
  readonly label: string;
  /** Fixed host port; absent: any free one. */
  readonly static?: number | undefined;
  /** Port inside the task; absent: the host port; -1: equal to the host port. */
  readonly to?: number | undefined;
  readonly hostNetwork?: string | undefined;
  /** True: its fixed port may be that of another one. */
  readonly ignoresCollision?: boolean | undefined;
  readonly position: Position;
}

export interface TaskResources {
  /** 0 when `cores` is set. */
  readonly cpuMhz: number;
  readonly cores?: number | undefined;
  readonly memoryMb: number;
  /** 0: not set; -1: no limit. */
  readonly memoryMaxMb: number;
}

export interface RestartPolicy {
  readonly attempts: number;
  readonly intervalMs: number;
  readonly delayMs: number;
  /** What happens when the attempts are used up: the task fails, or waits for the next interval. */
  readonly mode: "fail" | "delay";
}

export interface TaskLifecycle {
  readonly hook: "prestart" | "poststart" | "poststop";
  readonly sidecar: boolean;
}

/** What is done when a template has come to another text while its task runs. */
export interface TemplateChange {
  readonly mode: "noop" | "restart" | "signal" | "script";
  /** Empty but in the mode `signal`. */
  readonly signal: string;
  readonly script?: ChangeScript | undefined;
  /** Up to this long is waited first. */
  readonly splayMs: number;
}

export interface ChangeScript {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** True: the task is ended when the script fails. */
  readonly failsTask: boolean;
}

/** A file that is rendered from a template of consul-template's language. */
export interface TaskTemplate {
  /** Its text; empty: it is read from `source`. */
  readonly data: string;
  /** Relative to the task directory, from which it is read before each start. */
  readonly source: string;
  readonly delimiters: { readonly left: string; readonly right: string };
  /** True: a key that a map does not have is an error. */
  readonly refusesMissingKeys: boolean;
  /** True: it is rendered before the first start alone. */
  readonly isOnce: boolean;
  readonly change: TemplateChange;
  /** Relative to the task directory; may hold `${NOMAD_…}`. */
  readonly destination: string;
  /** True: the file's lines are read into the task's environment. */
  readonly env: boolean;
  /** Octal text such as `0644`. */
  readonly perms: string;
  /** Who the file belongs to; absent: the user that runs the job, and its group. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly position: Position;
}

/** A file or folder that is fetched before a task's first start. Texts may hold `${NOMAD_…}`. */
export interface TaskArtifact {
  readonly source: string;
  readonly options: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly mode: "any" | "file" | "dir";
  /** True: certificates are not looked at. */
  readonly isInsecure: boolean;
  /** Relative to the task directory. */
  readonly destination: string;
  /** True: what was fetched belongs to the task's user. */
  readonly isOwnedByUser: boolean;
  readonly position: Position;
}

export interface Task {
  readonly name: string;
  readonly driver: string;
  /** Empty: the image's user. */
  readonly user: string;
  readonly leader: boolean;
  /** Values may hold `${NOMAD_…}`, `${attr.…}` and the like, which the runtime resolves. */
  readonly env: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly config: ConfigBody;
  readonly resources: TaskResources;
  readonly lifecycle?: TaskLifecycle | undefined;
  readonly restart: RestartPolicy;
  readonly killTimeoutMs: number;
  /** Empty: the driver's default. */
  readonly killSignal: string;
  readonly shutdownDelayMs: number;
  readonly logs: { readonly maxFiles: number; readonly maxFileSizeMb: number; readonly disabled: boolean };
  readonly templates: readonly TaskTemplate[];
  readonly services: readonly Service[];
  readonly artifacts: readonly TaskArtifact[];
  readonly volumeMounts: readonly VolumeMount[];
  /** Where the payload of a dispatched job is put, below the task's `local`; empty: nowhere. */
  readonly payloadFile?: string | undefined;
  /** Whether there are `secret` blocks, which are refused; what refers to them is not told again. Absent: there are none. */
  readonly hasSecrets?: boolean | undefined;
  readonly position: Position;
}
