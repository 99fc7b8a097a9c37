import { LibpodError, type ContainerInspect, type ContainerSpec } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import type { TaskSettings } from "../config/task-settings.ts";
import type { DriverServices } from "../driver-services.ts";
import { inStep, isNameConflict, mayPassSoon, toNameHolder } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { toImageContext } from "../image/image-context.ts";
import { planContainer, type ContainerPlan } from "../plan/container-plan.ts";
import type { DecodedTask } from "../plan/want-task.ts";
import { allowsImageUrl } from "../policy/privilege-rules.ts";
import type { Shortfall } from "../topics/topic.ts";
import { judgeClaim } from "./container-claim.ts";
import { explainFailure } from "./explain-failure.ts";
import { guardMounts } from "./guard-mounts.ts";
import { checkGroupNetwork } from "./group-pods.ts";
import { checkAllJoined, joinTasks, toJoinedSpec, type JoinContext } from "./join-task.ts";
import { hopeForNeeds, meetImageNeeds, meetStorageNeeds, type StorageContext } from "./meet-needs.ts";
import type { MetPaths } from "./meet-paths.ts";
import { removeLeftover } from "./remove-leftover.ts";
import { retryTransient } from "./retry-transient.ts";
import type { Rollback } from "./rollback.ts";

export interface StartRequest {
  readonly task: TaskConfig;
  readonly decoded: DecodedTask;
  readonly engine: Engine;
  readonly settings: TaskSettings;
  readonly roots: HostRoots;
  readonly services: Pick<DriverServices, "pulls" | "archives">;
  readonly logger: Logger;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** A failed start is not held up any longer by a Podman that is down; the next start of the task clears away what is left. */
const undoForMs = 5000;
/** Nor by one that does not answer; it goes on with a removal that it has begun. */
const undoAnswerMs = 10_000;
/** Each step of a start is tried five times within this, as Nomad's Docker driver tries five times; its pauses are longer. */
const retryForMs = 3000;

/**
 * A create or a removal that was cut short leaves a container in the storage that Podman does not know, and that holds the
 * name for ever. After so many tries, half a second, it is none that Podman is just about.
 */
const patientTries = 3;

/** A start that was broken off waits so long for the answer to its create. */
const lateCreateMs = 5000;

/** A container that is to be this task's, as Podman has it before the start. */
interface FoundContainer {
  readonly id: string;
  /** True: an unanswered call for this very start has started it already. It may have ended since, and is not run twice. */
  readonly hasRun: boolean;
  /** True: made by an earlier call, perhaps of a plugin that has died since. */
  readonly isTakenOver: boolean;
}

export interface StartedContainer {
  readonly observed: ContainerInspect;
  readonly isTakenOver: boolean;
}

/**
 * Brings a task's container up and returns what Podman then says of it. Whatever fails is undone by `undo`, which the
 * caller owns and keeps once nothing else can fail.
 */
export async function startContainer(request: StartRequest, undo: Rollback, signal: AbortSignal): Promise<StartedContainer> {
  const { engine } = request;
  const facts = await tryStep(request, `ask Podman at ${engine.socketPath} what it can do`, () => engine.facts(signal), signal);
  // The plan finds a bad config before anything is pulled.
  const plan = planContainer({ ...request, facts, socketName: engine.name });
  for (const notice of plan.notices) request.emit(notice);
  const container = await createAndStart(request, plan, undo, signal);
  const observed = await tryStep(request, `inspect container ${plan.name}`, () => engine.client.containers.inspect(container.id, signal), signal);
  if (observed !== undefined) return { observed, isTakenOver: container.isTakenOver };
  throw new DriverError("failed", `container ${plan.name} vanished as soon as it was started`, { recoverable: true });
}

/** Joins the namespaces of other tasks on the way, where the plan needs that. */
async function createAndStart(request: StartRequest, plan: ContainerPlan, undo: Rollback, signal: AbortSignal): Promise<FoundContainer> {
  const look = (name: string): Promise<ContainerInspect | undefined> =>
    tryStep(request, `look at container ${name}`, () => request.engine.client.containers.inspect(name, signal), signal);
  const held = plan.needs.find((one) => one.kind === "group-network");
  if (held !== undefined) checkGroupNetwork(held.pod, request.roots);
  const joining: JoinContext = { task: request.task, look, emit: request.emit.bind(request) };
  try {
    const joined = await joinTasks(plan.needs, joining, signal);
    // What lies at the host's paths is looked at after the wait, which may be long.
    const { spec: prepared, expected } = await prepareStorage(request, plan, undo, signal);
    const spec: ContainerSpec = { ...prepared, ...toJoinedSpec(plan.needs, joined) };
    const container = await createContainer(request, { ...plan, spec }, undo, signal);
    await verify(request, plan, container, signal);
    const guarded = { ...storageOf(request, signal), containerId: container.id };
    if (expected !== undefined && !container.hasRun) await guardMounts(guarded, expected, signal);
    if (!container.hasRun) await checkAllJoined(joined, joining);
    await startOnce(request, container, signal);
    return container;
  } catch (error) {
    throw explainFailure(error, plan, request.roots);
  }
}

/** Podman's hiccups are no failure of the task. What the job or a registry is to blame for is told at once. */
function tryStep<T>(request: StartRequest, step: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const when = (error: unknown): boolean => {
    const again = mayPassSoon(error);
    if (again) request.logger.info(`${step}: failed, and may be tried again`, { error: String(error) });
    return again;
  };
  return inStep(step, retryTransient(work, { forMs: retryForMs, when, signal }));
}

/** Looks at what Podman has made where it does not always do what it is asked, before the task runs in it. */
async function verify(request: StartRequest, { name, findShortfalls }: ContainerPlan, { id }: FoundContainer, signal: AbortSignal): Promise<void> {
  if (findShortfalls === undefined) return;
  const made = await tryStep(request, `look at container ${name}`, () => request.engine.client.containers.inspect(id, signal), signal);
  const shortfalls = made === undefined ? [] : findShortfalls(made);
  const toText = ({ key, wanted, got }: Shortfall): string => `config key ${key}: the task asks for ${wanted}, and Podman has made ${got} of it`;
  const fatal = shortfalls.filter(({ isFatal }) => isFatal);
  if (fatal.length > 0) throw new DriverError("unsupported", `${fatal.map(toText).join("; ")}: the task is not run`);
  for (const shortfall of shortfalls) request.emit(toText(shortfall));
}

/** A start whose answer was lost may have happened, and its process may have ended again: it is not started twice. */
async function startOnce(request: StartRequest, container: FoundContainer, signal: AbortSignal): Promise<void> {
  const { containers } = request.engine.client;
  let { hasRun } = container;
  let tries = 0;
  await tryStep(
    request,
    `start container ${container.id.slice(0, 12)}`,
    async () => {
      tries += 1;
      if (tries > 1) {
        const found = await containers.inspect(container.id, signal);
        if (found !== undefined && wasCutOff(found)) throw cutOff(found);
        hasRun = wasStarted(found);
      }
      if (!hasRun) await containers.start(container.id, signal);
    },
    signal,
  );
}

/** A reboot makes a container that ran a "created" one with its old moment of start (podman 4.3). */
function wasStarted(container: ContainerInspect | undefined): boolean {
  return container !== undefined && container.state.status !== "created" && container.state.startedAt !== undefined;
}

/**
 * Podman died between the start and the note of it, and the process has ended since: its clean-up puts the container back to
 * "created" and leaves the pid, and the exit code is gone (podman 4.3). Started again, it would run twice into one log.
 */
function wasCutOff({ state }: ContainerInspect): boolean {
  return state.status === "created" && state.startedAt === undefined && state.pid > 0;
}

function cutOff(container: ContainerInspect): DriverError {
  const text = `Podman was cut off as it started container ${container.id.slice(0, 12)}, which has ended since, and nobody knows its exit code`;
  return new DriverError("failed", text, { recoverable: true });
}

/** Before the container, so that the roll-back removes what is made here after it. */
async function prepareStorage(request: StartRequest, plan: ContainerPlan, undo: Rollback, signal: AbortSignal): Promise<MetPaths> {
  return await meetStorageNeeds(plan.needs, plan.spec, { ...storageOf(request, signal), undo }, signal);
}

/** What those are given that see to paths, volumes and mounts. */
function storageOf(request: StartRequest, signal: AbortSignal): Omit<StorageContext, "undo"> {
  const inStep = <T>(step: string, work: () => Promise<T>): Promise<T> => tryStep(request, step, work, signal);
  return { podman: request.engine.client, taskId: request.task.id, policy: request.settings.policy, allocDir: request.task.allocDir, roots: request.roots, inStep };
}

/** Creates it, or takes over the one that an unanswered call for this very start has made. */
async function createContainer(request: StartRequest, plan: ContainerPlan, undo: Rollback, signal: AbortSignal): Promise<FoundContainer> {
  const { name } = plan;
  let containerId = "";
  undo.onFailure(`remove container ${name}`, (undoSignal) => {
    const bounded = AbortSignal.any([undoSignal, AbortSignal.timeout(undoAnswerMs)]);
    const removeIt = (): Promise<void> => (containerId === "" ? removeOwn(request, name, bounded) : remove(request, containerId, bounded));
    return retryTransient(removeIt, { forMs: undoForMs, signal: bounded });
  });
  const container = await createFromPlan(request, plan, signal);
  containerId = container.id;
  signal.throwIfAborted();
  return container;
}

/** Most that a plan needs is there: it is looked for, and an image pulled, when Podman misses something. */
async function createFromPlan(request: StartRequest, plan: ContainerPlan, signal: AbortSignal): Promise<FoundContainer> {
  let tries = 0;
  const createWith = (met: Partial<ContainerSpec>): Promise<FoundContainer> => {
    const spec = { ...plan.spec, ...met };
    const createNow = (): Promise<FoundContainer> => {
      tries += 1;
      return createOrFind(request, { spec, name: plan.name, clearsStorage: tries > patientTries }, signal);
    };
    return tryStep(request, `create container ${plan.name}`, createNow, signal);
  };
  const hoped = hopeForNeeds(plan.needs);
  const container = hoped === undefined ? undefined : await createWith(hoped).catch(undefinedWhenMissing);
  if (container !== undefined) return container;
  const { images, policy } = request.settings;
  const context = await toImageContext({ ...request, settings: images, mayFetch: (url) => allowsImageUrl(url, policy.imageUrls) }, signal);
  const createMet = async (): Promise<FoundContainer> => {
    const met = await tryStep(request, `find image ${request.decoded.wanted.image.name}`, () => meetImageNeeds(plan.needs, context, signal), signal);
    return await createWith(met);
  };
  // A clean-up, ours or another's, may have taken what was there a moment ago.
  return (await createMet().catch(undefinedWhenMissing)) ?? (await createMet());
}

/** Of an image that is not there Podman says 404, or 500 (4.3). */
function undefinedWhenMissing(error: unknown): undefined {
  const cause = error instanceof DriverError ? error.cause : undefined;
  const isMissing = cause instanceof LibpodError && (cause.code === "not-found" || /image not known|no such image/.test(cause.podmanMessage ?? ""));
  if (!isMissing) throw error;
}

async function createOrFind(
  request: StartRequest,
  { spec, name, clearsStorage }: { readonly spec: ContainerSpec; readonly name: string; readonly clearsStorage: boolean },
  signal: AbortSignal,
): Promise<FoundContainer> {
  try {
    return await create(request, spec, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isNameConflict(error)) throw error;
    const found = await clearName(request, name, signal);
    if (typeof found === "object") return found;
    const holder = toNameHolder(error);
    if (found === "nobody" && clearsStorage && holder !== undefined) await remove(request, holder, signal);
    return await create(request, spec, signal);
  }
}

/**
 * Is not broken off with the start: Podman would go on, and its container would come after the roll-back has looked for it. One
 * that does not answer at all is not waited for any longer than `lateCreateMs`; what comes of it later is cleared away by the next
 * start of the task, or by the look for dangling containers.
 */
async function create(request: StartRequest, spec: ContainerSpec, signal: AbortSignal): Promise<FoundContainer> {
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => patience.abort(signal.reason), lateCreateMs);
  };
  signal.addEventListener("abort", begin, { once: true });
  try {
    const { id, warnings } = await request.engine.client.containers.create(spec, patience.signal);
    // So it says what it has dropped of a wish, such as a limit that the host's kernel does not know (podman 4.3 to 6.1, cgroup v1).
    for (const warning of warnings) {
      request.logger.warn(`Podman on creating ${spec.name}: ${warning}`);
      request.emit(`Podman says of this task's container: ${warning}`);
    }
    return { id, hasRun: false, isTakenOver: false };
  } finally {
    signal.removeEventListener("abort", begin);
    clearTimeout(timer);
  }
}

/** Makes room for the task's container. Returns one that is this very start's, to be taken over. */
async function clearName(request: StartRequest, name: string, signal: AbortSignal): Promise<FoundContainer | "nobody" | "cleared"> {
  const existing = await request.engine.client.containers.inspect(name, signal);
  if (existing === undefined) return "nobody";
  // Somebody is about it: the name will be free at one of the next tries.
  if (existing.state.status === "removing") return "cleared";
  const claim = judgeClaim(existing, request.task, request.decoded.configHash);
  switch (claim.kind) {
    case "foreign":
      throw new DriverError("failed", `the container name ${name} is taken by ${claim.owner}: remove or rename that container`, { recoverable: true });
    case "same-start":
      if (!wasCutOff(existing)) return { id: existing.id, hasRun: wasStarted(existing), isTakenOver: true };
      request.logger.warn(`removing container ${name}: ${cutOff(existing).message}`);
      break;
    case "leftover":
      request.logger.info(`removing container ${name}, left over from an earlier start of the task`, { container: existing.id });
      await removeLeftover({ podman: request.engine.client, task: request.task, logger: request.logger }, existing.id, signal);
      return "cleared";
  }
  await remove(request, existing.id, signal);
  return "cleared";
}

/** By name and label, since the id is not known: a create whose answer is lost may have happened all the same. */
async function removeOwn(request: StartRequest, name: string, signal: AbortSignal): Promise<void> {
  const existing = await request.engine.client.containers.inspect(name, signal);
  if (existing === undefined || judgeClaim(existing, request.task, request.decoded.configHash).kind !== "same-start") return;
  await remove(request, existing.id, signal);
}

async function remove(request: StartRequest, containerId: string, signal: AbortSignal): Promise<void> {
  await request.engine.client.containers.remove(containerId, { force: true, volumes: true, timeoutSeconds: 0 }, signal);
}
