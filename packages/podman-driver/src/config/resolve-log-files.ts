import { DriverError } from "@driver/nomad-plugin";
import type { LogFileLimits } from "./log-route.ts";
import { parseMemorySize } from "./parse-memory-size.ts";

interface LogFileOptions {
  readonly max_files?: number | undefined;
  readonly max_file_size?: string | undefined;
}

const leastFileBytes = 4096;

/** Nomad's own defaults. */
export const logFileDefaults = { max_files: 10, max_file_size: "10m" } as const;
export const defaultLogFiles: LogFileLimits = { maxFiles: 10, maxFileBytes: 10 * 1_048_576 };

/**
 * Rotation limits of a `log_files` block; what it does not set comes from `fallback`.
 * @param key the path of the block, for the message
 * @throws DriverError `config-invalid` for less than one file or for files below 4 KiB
 */
export function resolveLogFiles(options: LogFileOptions | undefined, key: string, fallback = defaultLogFiles): LogFileLimits {
  const maxFiles = options?.max_files ?? fallback.maxFiles;
  const size = options?.max_file_size;
  const maxFileBytes = size === undefined ? fallback.maxFileBytes : parseMemorySize(size, { key: `${key}.max_file_size` });
  if (maxFiles < 1) throw new DriverError("config-invalid", `config key ${key}.max_files: ${maxFiles} must be at least 1`);
  if (maxFileBytes < leastFileBytes) {
    throw new DriverError("config-invalid", `config key ${key}.max_file_size: "${size}" must be at least 4k`);
  }
  return { maxFiles, maxFileBytes };
}
