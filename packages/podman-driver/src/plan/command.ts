import { DriverError } from "@driver/nomad-plugin";
import type { TaskOptions } from "../config/task-schema.ts";

export interface PlannedCommand {
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
}

/** `command` and `args` together replace the image's CMD; `args` alone do so as well (as with the Go driver). */
export function planCommand(options: Pick<TaskOptions, "command" | "args" | "entrypoint">): PlannedCommand {
  const command = [...(options.command === undefined || options.command === "" ? [] : [options.command]), ...options.args];
  const entrypoint = toEntrypoint(options.entrypoint);
  return { ...(command.length > 0 && { command }), ...(entrypoint !== undefined && { entrypoint }) };
}

/** A list, or for old jobs one string, which is one word and is not split. */
function toEntrypoint(value: TaskOptions["entrypoint"]): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((part) => typeof part === "string" || typeof part === "number" || typeof part === "boolean")) {
    return value.map(String);
  }
  throw new DriverError("config-invalid", 'entrypoint: must be a list of strings, such as ["/bin/sh", "-c"]');
}
