/** The way of a task's output, decided once before its start: a task keeps it for life. */
export interface LogRoute {
  readonly from: LogOrigin;
  readonly to: LogDestination;
}

/** Where a container's output is kept until it is collected. */
export type LogOrigin =
  /** conmon's file in the engine's storage; `limitBytes`: the most of it that stays on the disk, where the job says so. */
  | { readonly kind: "file"; readonly limitBytes?: number | undefined }
  /** The host's journal; `options` are Podman's, and count at the start alone. `since`: where to begin, if no position is kept. */
  | { readonly kind: "journal"; readonly options: Readonly<Record<string, string>>; readonly since?: Date | undefined }
  /** Nowhere: there is nothing to collect. */
  | { readonly kind: "none" };

/** Where it goes to from there. */
export interface LogDestination {
  readonly by: LogCollector;
  /** Rotation of the log files where the driver writes them. */
  readonly files: LogFileLimits;
}

/** Who writes a task's log files: Nomad, which is given the output through FIFOs, the driver itself, or nobody. */
export type LogCollector = (typeof logCollectors)[number];
export const logCollectors = ["nomad", "driver", "off"] as const;

export interface LogFileLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
}
