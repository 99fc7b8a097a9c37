import { constants } from "node:os";

import type { WaitResult } from "@driver/nomad-plugin";

/** How a task ended, in words: `exit code 3`, `killed by SIGKILL, out of memory`. */
export function describeExit(result: WaitResult): string {
  const how = result.signal === 0 ? `exit code ${result.exitCode}` : `killed by ${signalName(result.signal)}`;
  const memory = result.oomKilled ? ", out of memory" : "";
  const error = result.error === undefined || result.error === "" ? "" : `: ${result.error}`;
  return `${how}${memory}${error}`;
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}
