import type { Service, ServiceCheck } from "../src/job/job.ts";
import { planChecks } from "../src/run/checks/plan-checks.ts";
import type { PlannedCheck } from "../src/run/checks/planned-check.ts";

const position = { line: 1, column: 1 };

/** A check with Nomad's defaults, quicker than a job may ask for. */
export function sampleCheck(type: ServiceCheck["type"], changes: Partial<ServiceCheck> = {}): ServiceCheck {
  return {
    ...{ name: "alive", type, portLabel: "http", addressMode: "", command: "", args: [], taskName: "" },
    ...{ path: "/", protocol: "http", method: "GET", headers: {}, body: "", isInsecure: false, tlsServerName: "" },
    ...{ grpcService: "", isGrpcOverTls: false, intervalMs: 40, timeoutMs: 5_000, initialStatus: "", isReadiness: false },
    thresholds: { successesBeforePassing: 0, failuresBeforeCritical: 0, failuresBeforeWarning: 0 },
    position,
    ...changes,
  };
}

export function sampleService(name: string, changes: Partial<Service> = {}): Service {
  return { name, portLabel: "", tags: ["t"], provider: "nomad", address: "", checks: [], position, ...changes };
}

/** A check as it runs. */
export function plannedCheck(
  check: ServiceCheck,
  service: Partial<Service> = {},
  scope: ReadonlyMap<string, string> = new Map(),
): PlannedCheck {
  const [planned] = planChecks([sampleService("web", { ...service, checks: [check] })], { task: undefined, scope });
  if (planned === undefined) throw new Error("there is one check");
  return planned;
}
