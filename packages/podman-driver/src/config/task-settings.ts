import type { OperatorPolicy } from "./operator-policy.ts";
import type { ImageSettings } from "./image-settings.ts";
import type { LogFileLimits, LogSource } from "./log-source.ts";
import type { LogCollection } from "./resolve-log-collection.ts";

/** What the operator's plugin config means for every task. */
export interface TaskSettings {
  readonly extraLabels: readonly string[];
  readonly dnsServers: readonly string[];
  /** Empty: chosen by Podman's version. */
  readonly defaultRootlessMode: string;
  readonly hostCpuCount: number;
  /** Who writes the task's log files; off: the container's output is kept by Podman alone. */
  readonly logCollection: LogCollection;
  /** Where the output of tasks is kept that do not say it themselves. */
  readonly logging: LogSource;
  /** Rotation of the log files the driver writes itself, where a task does not say otherwise. */
  readonly logFiles: LogFileLimits;
  /** What tasks may ask for. */
  readonly policy: OperatorPolicy;
  /** By the variable that names the devices a plugin assigns: the CDI kind they are of, e.g. `nvidia.com/gpu`. */
  readonly deviceCdiKinds: Readonly<Record<string, string>>;
  /** Mount option of the allocation's folders and of Nomad's mounts: z, Z or empty. */
  readonly selinuxLabel: string;
  readonly images: ImageSettings;
}
