import type { RunEvent } from "@driver/nomad-host";

const longestOutput = 200;

/** `check "alive" of service web: critical: no answer within 2 s`. */
export function describeCheck({ check, service, status, output }: Extract<RunEvent, { kind: "check-status" }>): string {
  const line = output.trim().replaceAll(/\s+/g, " ");
  const cut = line.length > longestOutput ? `${line.slice(0, longestOutput)}…` : line;
  return [`check ${JSON.stringify(check)} of service ${service}: ${status}`, ...(cut === "" ? [] : [cut])].join(": ");
}
