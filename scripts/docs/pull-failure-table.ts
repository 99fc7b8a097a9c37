import type { listPullFailures } from "@driver/podman-driver/docs";
import { toTable } from "./markdown-table.ts";

/** Markdown table of what can go wrong with a pull. */
export function toPullFailureTable(failures: ReturnType<typeof listPullFailures>): string {
  return toTable(
    ["Failure", "Another try", "Behind Podman's words"],
    failures.map(({ name, recoverable, isRetried, advice }) => [name, toTry(recoverable, isRetried), `\`${advice}\``]),
  );
}

function toTry(recoverable: boolean, isRetried: boolean): string {
  if (isRetried) return "twice, then Nomad's";
  return recoverable ? "Nomad's" : "none";
}
