import type { LogFields } from "@driver/nomad-plugin";

/** How far the pull or load of an image is. Told once a second while it goes on, and when it has ended. */
export interface PullStatus {
  /** Its name, or the place of its archive. */
  readonly image: string;
  /** In words, as far as it is known: `3 layers begun, 12.3 MB of 45.6 MB`. */
  readonly text: string;
  /** Only where both are known. */
  readonly bytes: { readonly current: number; readonly total: number } | undefined;
  readonly elapsedMs: number;
  readonly hasEnded: boolean;
}

/** A line of the plugin's log, as its host has it. */
interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Of the lines that carry a status: an agent shows them at the level trace alone. */
export const pullStatusMessage = "image pull goes on";

/** What stands beside `pullStatusMessage`. */
export function toLogFields({ image, text, bytes, elapsedMs, hasEnded }: PullStatus): LogFields {
  const known = bytes === undefined ? {} : { current_bytes: bytes.current, total_bytes: bytes.total };
  return { image, progress: text, elapsed_ms: Math.round(elapsedMs), ended: hasEnded, ...known };
}

/** The status that a line of the log carries; undefined for any other line. */
export function readPullStatus({ message, fields }: LogLine): PullStatus | undefined {
  if (message !== pullStatusMessage) return undefined;
  const textOf = (name: string): string => String(fields[name] ?? "");
  const [current, total] = [Number(fields["current_bytes"]), Number(fields["total_bytes"])];
  return {
    image: textOf("image"),
    text: textOf("progress"),
    bytes: total > 0 && current >= 0 ? { current, total } : undefined,
    elapsedMs: Number(textOf("elapsed_ms")),
    hasEnded: textOf("ended") === "true",
  };
}
