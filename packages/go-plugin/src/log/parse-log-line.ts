import { isLogLevel } from "./hclog-logger.ts";
import type { LogLevel } from "./logger.ts";

/** One line of a plugin's stderr, as a host understands it. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly timestamp?: Date;
  readonly module?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const timestampLayout = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/**
 * Reads a line of stderr by go-plugin's rules. A JSON object with a known `@level` becomes an entry; all else is
 * kept whole as its message, at the level of a prefix such as `[WARN]`, else at debug.
 */
export function parseLogLine(line: string): LogEntry {
  return parseJsonEntry(line) ?? { level: prefixLevel(line) ?? "debug", message: line, fields: {} };
}

function parseJsonEntry(line: string): LogEntry | undefined {
  const record = parseJsonObject(line);
  if (record === undefined) return undefined;
  const { "@level": level, "@message": message = "", "@timestamp": timestamp, "@module": module, ...fields } = record;
  const known = typeof level === "string" ? level.trim().toLowerCase() : "";
  if (!isLogLevel(known) || typeof message !== "string") return undefined;
  if (timestamp !== undefined && (typeof timestamp !== "string" || !timestampLayout.test(timestamp))) return undefined;
  return {
    level: known,
    message,
    ...(timestamp === undefined ? {} : { timestamp: new Date(timestamp) }),
    ...(typeof module === "string" && module !== "" ? { module } : {}),
    fields,
  };
}

function parseJsonObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function prefixLevel(line: string): LogLevel | undefined {
  const word = /^\[(TRACE|DEBUG|INFO|WARN|ERROR)\]/.exec(line)?.[1]?.toLowerCase() ?? "";
  return isLogLevel(word) ? word : undefined;
}
