import type { RunEvent } from "@driver/nomad-host";

type LogEntry = Extract<RunEvent, { kind: "plugin-log" }>["entry"];

/** A line of the plugin's log with its fields behind it, as in `it failed: error="no such file"`. */
export function describeLogEntry({ message, fields }: LogEntry): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${toWord(value)}`);
  return pairs.length === 0 ? message : `${message}: ${pairs.join(" ")}`;
}

/** Quoted unless it is one plain word. */
function toWord(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
