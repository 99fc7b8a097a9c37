/** Where a container's output is kept until it is collected. */
export type LogSource =
  /** conmon's file in the engine's storage; `limitBytes` is the most of it that stays on the disk, where the job says so. */
  | { readonly kind: "file"; readonly limitBytes?: number | undefined }
  /** The host's journal, with the options that Podman is given. */
  | { readonly kind: "journal"; readonly options: Readonly<Record<string, string>> }
  /** Nowhere: there is nothing to collect. */
  | { readonly kind: "none" };

/** Rotation of the log files that the driver writes itself. */
export interface LogFileLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
}

/** Nomad's own defaults. */
export const defaultLogFiles: LogFileLimits = { maxFiles: 10, maxFileBytes: 10 * 1_048_576 };

/** Who brings a task's output to Nomad: Nomad's FIFOs, our own files, nobody, or conmon itself as with the Go driver. */
export type LogMode = (typeof logModes)[number];
export const logModes = ["nomad", "driver", "off", "conmon-fifo"] as const;
