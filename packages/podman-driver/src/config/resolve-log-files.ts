import { logFileDefaults } from "@driver/nomad-plugin";
import type { LogFileLimits } from "./log-route.ts";
import { parseMemorySize } from "./parse-memory-size.ts";
import type { Report } from "./report.ts";

interface LogFileOptions {
  readonly max_files?: number | undefined;
  readonly max_file_size?: string | undefined;
}

const leastFileBytes = 4096;

const { maxFiles, maxFileSizeMb } = logFileDefaults;
/** Nomad's own defaults, as the block says them. */
export const logFileOptionDefaults = { max_files: maxFiles, max_file_size: `${maxFileSizeMb}m` } as const;
export const defaultLogFiles: LogFileLimits = { maxFiles, maxFileBytes: maxFileSizeMb * 1_048_576 };

interface LogFilesSite {
  /** The path of the block, for messages. */
  readonly key: string;
  readonly report: Report;
  /** Where what the block does not set comes from. Default: Nomad's own. */
  readonly fallback?: LogFileLimits;
}

/** Rotation limits of a `log_files` block: one file at least, and none below 4 KiB. */
export function resolveLogFiles(
  { max_files: count, max_file_size: size }: LogFileOptions = {},
  { key, report, fallback = defaultLogFiles }: LogFilesSite,
): LogFileLimits {
  if (count !== undefined && count < 1) {
    report.refuse({ key: `${key}.max_files`, value: count, problem: "is no number of files", remedy: "it must be at least 1" });
  }
  return {
    maxFiles: count ?? fallback.maxFiles,
    maxFileBytes: size === undefined ? fallback.maxFileBytes : toFileBytes(size, `${key}.max_file_size`, report),
  };
}

function toFileBytes(size: string, key: string, report: Report): number {
  const bytes = report.attempt(key, leastFileBytes, () => parseMemorySize(size, { key }));
  if (bytes < leastFileBytes) report.refuse({ key, value: size, problem: "is too small", remedy: "it must be at least 4k" });
  return bytes;
}
