import { messageOf, toTimerMs } from "@driver/std";

import type { DriverSession } from "../driver/driver-session.ts";
import { judgeScript } from "./judge-finding.ts";
import type { CheckFinding, PlannedCheck } from "./planned-check.ts";
import { probeGrpc } from "./probe-grpc.ts";
import { probeHttp } from "./probe-http.ts";
import { probeTcp } from "./probe-tcp.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { Endpoint, ReachablePlaces } from "./resolve-address.ts";

/** Looks once at the address of a service; what goes wrong is a finding. Rejects with the signal's reason alone. */
export async function probeEndpoint(check: PlannedCheck, places: ReachablePlaces, signal: AbortSignal): Promise<CheckFinding> {
  const at = resolveAddress(check, places);
  if ("problem" in at) return { status: "critical", output: at.problem };
  return withinTimeout(check, signal, (limit) => probeByType(check, at, limit));
}

function probeByType(check: PlannedCheck, at: Endpoint, signal: AbortSignal): Promise<CheckFinding> {
  if (check.type === "http") return probeHttp(check, at, signal);
  return check.type === "grpc" ? probeGrpc(check, at, signal) : probeTcp(at, signal);
}

/** Where a script runs. */
export interface ScriptPlace {
  readonly session: Pick<DriverSession, "execTask">;
  readonly taskId: string;
}

/** Runs a script once, in its task; what goes wrong is a finding. Rejects with the signal's reason alone. */
export async function probeScript(check: PlannedCheck, { session, taskId }: ScriptPlace, signal: AbortSignal): Promise<CheckFinding> {
  const { command, args, timeoutMs } = check;
  return withinTimeout(check, signal, async (limit) => {
    const { stdout, stderr, result } = await session.execTask(taskId, { command: [command, ...args], timeoutMs }, limit);
    return { status: judgeScript(result), output: Buffer.concat([stdout, stderr]).toString().trimEnd() || `exit code ${result.exitCode}` };
  });
}

async function withinTimeout(
  { timeoutMs }: PlannedCheck,
  signal: AbortSignal,
  look: (limit: AbortSignal) => Promise<CheckFinding>,
): Promise<CheckFinding> {
  const timeout = AbortSignal.timeout(toTimerMs(timeoutMs));
  try {
    return await look(AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    return { status: "critical", output: timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : describe(error) };
  }
}

/** Where a name has several addresses, each has its own error. */
function describe(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
}
