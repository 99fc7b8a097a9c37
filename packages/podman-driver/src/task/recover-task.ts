import type { Logger } from "@driver/nomad-plugin";
import { LibpodError, type ContainerInspect } from "@driver/libpod";
import { DriverError, type TaskHandle as NomadTaskHandle } from "@driver/nomad-plugin";
import type { DriverServices } from "../driver-services.ts";
import { isProcessOfContainer } from "../host/cgroup-path.ts";
import type { PodmanHost } from "../host/podman-host.ts";
import type { PodmanHosts } from "../host/podman-hosts.ts";
import { identifyProcess } from "../host/proc-files.ts";
import { TaskHandle } from "./task-handle.ts";
import { decodeTaskState, type TaskState } from "./task-state.ts";

export interface RecoverRequest {
  readonly handle: NomadTaskHandle;
  readonly hosts: PodmanHosts;
  readonly services: DriverServices;
  readonly logger: Logger;
}

/** An agent recovers its tasks one after the other before it does anything else, so one of them may not take long. */
const lookTimeoutMs = 10_000;

/**
 * Takes a task over from an earlier plugin, the Go driver's included. Rejects only when the container is certainly gone
 * or not the task's: Nomad then destroys and restarts the task. While Podman does not answer the task counts as
 * running, and is looked at as soon as it does.
 */
export async function recoverTask(request: RecoverRequest, signal: AbortSignal): Promise<TaskHandle> {
  const { handle, services, logger } = request;
  const state = decodeTaskState(handle.driverState);
  const host = resolveHost(request.hosts, state);
  const observed = await look(host, state.containerId, logger, signal);
  if (observed === "gone") throw new DriverError("task-not-found", `container ${state.containerId} of task ${handle.config.id} is gone`);
  if (observed !== "no answer") checkIdentity(observed, request);
  return new TaskHandle({
    task: handle.config,
    containerId: state.containerId,
    host,
    startedAt: state.startedAt,
    sameBoot: state.own === undefined || state.own.bootId === "" || state.own.bootId === services.bootId,
    isFresh: false,
    seenPid: state.own?.bootId === services.bootId ? state.own.containerPid : 0,
    collectsLogs: state.own?.logMode === "nomad",
    observed: observed === "no answer" ? undefined : observed,
    services,
    logger,
  });
}

function resolveHost(hosts: PodmanHosts, state: TaskState): PodmanHost {
  try {
    return hosts.resolve(state.socketName ?? "");
  } catch (cause) {
    throw new DriverError("failed", `the task ran on the Podman socket "${state.socketName ?? "default"}", which is not in the agent's plugin config any more`, { cause });
  }
}

async function look(host: PodmanHost, containerId: string, logger: Logger, signal: AbortSignal): Promise<ContainerInspect | "gone" | "no answer"> {
  try {
    const observed = await host.client.containers.inspect(containerId, AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]));
    return observed ?? "gone";
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LibpodError && error.code === "bad-request") throw error;
    logger.warn("Podman does not answer; the task is taken to run until it does", { container: containerId, error: String(error) });
    return "no answer";
  }
}

/** Podman's word for the main process is only taken when the kernel has it in a cgroup of this container. */
function checkIdentity(observed: ContainerInspect, { services, handle }: RecoverRequest): void {
  const main = identifyProcess(services.roots, observed.state.pid);
  if (main === undefined || isProcessOfContainer(services.roots, main, observed.id)) return;
  throw new DriverError("failed", `task ${handle.config.id}: Podman names process ${main.pid} as the container's, but the kernel does not have it in a cgroup of container ${observed.id}`);
}
