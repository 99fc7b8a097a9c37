import { LibpodError } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { findPortHolder, type PortHolder } from "../host/port-holder.ts";
import type { HostRoots } from "../host/proc-files.ts";
import type { ContainerPlan } from "../plan/container-plan.ts";

/** An error of Podman's, with what it means for the job's author behind Podman's own words. */
export function explainFailure(error: unknown, { explain }: Pick<ContainerPlan, "explain">, roots: HostRoots): unknown {
  if (!(error instanceof DriverError) || !(error.cause instanceof LibpodError)) return error;
  const { podmanMessage = "", podmanCause = "" } = error.cause;
  const explanation = explain(`${podmanMessage} ${podmanCause}`);
  if (explanation === undefined) return error;
  const { text, takenPort } = explanation;
  const holder = takenPort === undefined ? undefined : findPortHolder(roots, takenPort);
  const who = holder === undefined ? "" : `: ${describeHolder(holder)} has it`;
  return new DriverError(error.code, `${error.message}; ${text}${who}`, { recoverable: error.recoverable, cause: error.cause });
}

function describeHolder({ pid, command, container }: PortHolder): string {
  return container === undefined ? `process ${pid} (${command})` : `container ${container}`;
}
