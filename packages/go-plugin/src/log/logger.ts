/** Level of a log line; Nomad filters by its own setting, so a plugin sends them all. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** All levels, from the least to the most grave. */
export const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** What stands beside a message. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

/** Where a part of the plugin writes its log. Never throws. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose module is this one's, a dot, and `name`. */
  named(name: string): Logger;
  /** A logger that adds `fields` to each line; a line's own fields win. */
  with(fields: LogFields): Logger;
}
