import type { OperatorPolicy } from "./operator-policy.ts";
import type { ImageSettings } from "./image-settings.ts";
import type { LogRoute } from "./log-route.ts";

/** What the operator's plugin config means for every task. */
export interface TaskSettings {
  readonly extraLabels: readonly string[];
  readonly dnsServers: readonly string[];
  /** Empty: chosen by Podman's version. */
  readonly defaultRootlessMode: string;
  readonly hostCpuCount: number;
  /** The way of a task's output, as far as it does not say otherwise itself. */
  readonly logRoute: LogRoute;
  /** What tasks may ask for. */
  readonly policy: OperatorPolicy;
  /** By the variable that names the devices a plugin assigns: the CDI kind they are of, e.g. `nvidia.com/gpu`. */
  readonly deviceCdiKinds: Readonly<Record<string, string>>;
  /** Mount option of the allocation's folders and of Nomad's mounts: z, Z or empty. */
  readonly selinuxLabel: string;
  readonly images: ImageSettings;
  /** True: the user of a rootless Podman is let through the folders on the way to an allocation. */
  readonly opensAllocationPath: boolean;
}
