import type { ContainerInspect } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import type { TaskOptions } from "../config/task-schema.ts";
import { inStep, isNameConflict } from "../errors.ts";
import type { PodmanHost } from "../host/podman-host.ts";
import { resolveImage } from "../image/image-resolver.ts";
import { planContainer, type ContainerPlan, type PlanPolicy } from "../plan/container-plan.ts";
import { judgeClaim } from "./container-claim.ts";
import { retryTransient } from "./retry-transient.ts";
import type { Rollback } from "./rollback.ts";

export interface StartRequest {
  readonly task: TaskConfig;
  readonly options: TaskOptions;
  readonly imagePullTimeoutMs: number;
  readonly host: PodmanHost;
  readonly policy: PlanPolicy;
  readonly logger: Logger;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** A failed start is not held up any longer by a Podman that is down; the next start of the task clears away what is left. */
const undoForMs = 5000;

/**
 * Brings a task's container up and returns what Podman then says of it. Whatever fails is undone by `undo`, which the
 * caller owns and keeps once nothing else can fail.
 */
export async function startContainer(request: StartRequest, undo: Rollback, signal: AbortSignal): Promise<ContainerInspect> {
  const { task, options, host, policy } = request;
  const facts = await inStep(`ask Podman at ${host.socketPath} what it can do`, host.facts(signal));
  // A plan for the image as written finds a bad config before anything is pulled.
  planContainer({ task, options, facts, policy, image: options.image });
  const image = await inStep(`find image ${options.image}`, resolveImage(host.client, toImageRequest(request), signal));
  const plan = planContainer({ task, options, facts, policy, image: image.id });
  for (const notice of plan.notices) request.emit(notice);
  const containerId = await createContainer(request, plan, undo, signal);
  await inStep(`start container ${plan.spec.name}`, host.client.containers.start(containerId, signal));
  const inspect = await inStep(`inspect container ${plan.spec.name}`, host.client.containers.inspect(containerId, signal));
  if (inspect !== undefined) return inspect;
  throw new DriverError("failed", `container ${plan.spec.name} vanished as soon as it was started`, { recoverable: true });
}

function toImageRequest(request: StartRequest): Parameters<typeof resolveImage>[1] {
  return {
    image: request.options.image,
    forcePull: request.options.force_pull,
    pullTimeoutMs: request.imagePullTimeoutMs,
    onPull: (reference) => request.emit(`Pulling image ${reference}`, { image: reference }),
  };
}

/** Creates it, or takes over the one that an unanswered call for this very start has made. */
async function createContainer(request: StartRequest, plan: ContainerPlan, undo: Rollback, signal: AbortSignal): Promise<string> {
  const name = plan.spec.name ?? "";
  let containerId: string | undefined;
  undo.onFailure(`remove container ${name}`, (undoSignal) =>
    retryTransient(() => (containerId === undefined ? removeOwn(request, name, undoSignal) : remove(request, containerId, undoSignal)), { forMs: undoForMs, signal: undoSignal }),
  );
  containerId = await inStep(`create container ${name}`, create(request, plan, signal));
  return containerId;
}

async function create(request: StartRequest, plan: ContainerPlan, signal: AbortSignal): Promise<string> {
  const { containers } = request.host.client;
  try {
    const { id, warnings } = await containers.create(plan.spec, signal);
    for (const warning of warnings) request.logger.warn(`Podman on creating ${plan.spec.name}: ${warning}`);
    return id;
  } catch (error) {
    if (!isNameConflict(error)) throw error;
    const id = await clearName(request, plan.spec.name ?? "", signal);
    return id ?? (await containers.create(plan.spec, signal)).id;
  }
}

/** Makes room for the task's container. Returns the id of one that is this very start's, to be taken over. */
async function clearName(request: StartRequest, name: string, signal: AbortSignal): Promise<string | undefined> {
  const { containers } = request.host.client;
  const existing = await containers.inspect(name, signal);
  if (existing === undefined) return undefined;
  const claim = judgeClaim(existing, request.task);
  switch (claim.kind) {
    case "foreign":
      throw new DriverError("failed", `the container name ${name} is taken by ${claim.owner}: remove or rename that container`, { recoverable: true });
    case "same-start":
      if (existing.state.status === "created" || existing.state.running) return existing.id;
      break;
    case "leftover":
      request.logger.info(`removing container ${name}, left over from an earlier start of the task`, { container: existing.id });
  }
  await remove(request, existing.id, signal);
  return undefined;
}

/** By name and label, since the id is not known: a create whose answer is lost may have happened all the same. */
async function removeOwn(request: StartRequest, name: string, signal: AbortSignal): Promise<void> {
  const existing = await request.host.client.containers.inspect(name, signal);
  if (existing === undefined || judgeClaim(existing, request.task).kind !== "same-start") return;
  await remove(request, existing.id, signal);
}

async function remove(request: StartRequest, containerId: string, signal: AbortSignal): Promise<void> {
  await request.host.client.containers.remove(containerId, { force: true, volumes: true, timeoutSeconds: 0 }, signal);
}
