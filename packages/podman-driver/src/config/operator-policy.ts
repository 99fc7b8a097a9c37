/** What an operator lets tasks do. Everything, unless the plugin's config says otherwise: as with the Go driver. */
export interface OperatorPolicy {
  readonly volumes: VolumePolicy;
  /** Globs of device paths and CDI names; empty: any will do. */
  readonly allowedDevices: readonly string[];
}

export interface VolumePolicy {
  /** False: of the host's folders a task gets its allocation's alone, and no named volume. */
  readonly isEnabled: boolean;
  /** Absolute and normal; binds outside the allocation's folder must be of these folders, or in them. Empty: any will do. */
  readonly allowedPaths: readonly string[];
}

/** An operator who has forbidden nothing. */
export const openPolicy: OperatorPolicy = { volumes: { isEnabled: true, allowedPaths: [] }, allowedDevices: [] };
