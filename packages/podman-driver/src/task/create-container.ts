import { LibpodError } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { isImageGone, isNameConflict, toNameHolder } from "../errors.ts";
import { toImageContext } from "../image/image-context.ts";
import { completeSpec, type NamedSpec } from "../plan/complete-spec.ts";
import type { ContainerPlan } from "../plan/container-plan.ts";
import { allowsImageUrl } from "../policy/privilege-rules.ts";
import { judgeClaim } from "./container-claim.ts";
import { cutOffError, wasCutOff, wasStarted } from "./cut-off-start.ts";
import { hopeForImages, meetImages, type MetImages, type MetNeeds } from "./meet-needs.ts";
import { removeLeftover } from "./remove-leftover.ts";
import { retryTransient } from "./retry-transient.ts";
import type { Rollback } from "./rollback.ts";
import type { Start } from "./start-request.ts";

/** A failed start is not held up any longer by a Podman that is down; the next start of the task clears away what is left. */
const undoForMs = 5000;
/** Nor by one that does not answer; it goes on with a removal that it has begun. */
const undoAnswerMs = 10_000;

/**
 * A create or a removal that was cut short leaves a container in the storage that Podman does not know, and that holds the
 * name for ever. After so many tries, half a second, it is none that Podman is just about.
 */
const patientTries = 3;

/** A start that was broken off waits so long for the answer to its create. */
const lateCreateMs = 5000;

/** A container that is to be this task's, as Podman has it before the start. */
export interface FoundContainer {
  readonly id: string;
  /** True: an unanswered call for this very start has started it already. It may have ended since, and is not run twice. */
  readonly hasRun: boolean;
  /** True: made by an earlier call, perhaps of a plugin that has died since. */
  readonly isTakenOver: boolean;
}

/** What a container is made of: all but the images, which are looked for when Podman misses one. */
interface ContainerWish {
  readonly plan: ContainerPlan;
  readonly met: MetNeeds;
}

/**
 * Creates a task's container, or takes over the one that an unanswered call for this very start has made. Another of its name is
 * removed, if it is the task's.
 * @throws DriverError: the name is somebody else's, or Podman refuses
 */
export async function createContainer(start: Start, wish: ContainerWish, undo: Rollback): Promise<FoundContainer> {
  const { name } = wish.plan;
  let containerId = "";
  undo.onFailure(`remove container ${name}`, (undoSignal) => {
    const bounded = AbortSignal.any([undoSignal, AbortSignal.timeout(undoAnswerMs)]);
    const removeIt = (): Promise<void> => (containerId === "" ? removeOwn(start, name, bounded) : remove(start, containerId, bounded));
    return retryTransient(removeIt, { forMs: undoForMs, signal: bounded });
  });
  const container = await createWithImages(start, wish);
  containerId = container.id;
  start.signal.throwIfAborted();
  return container;
}

/** Most that a container needs is there: it is looked for, and an image pulled, when Podman misses something. */
async function createWithImages(start: Start, { plan, met }: ContainerWish): Promise<FoundContainer> {
  const { inStep, signal } = start;
  let tries = 0;
  const createWith = (images: MetImages): Promise<FoundContainer> => {
    const spec = completeSpec(plan, { ...met, ...images });
    return inStep(`create container ${plan.name}`, () => {
      tries += 1;
      return createOrFind(start, spec, { clearsStorage: tries > patientTries });
    });
  };
  const hoped = hopeForImages(plan.needs);
  const container = hoped === undefined ? undefined : await createWith(hoped).catch(undefinedWhenMissing);
  if (container !== undefined) return container;
  const { images, policy } = start.settings;
  const context = toImageContext({ ...start, settings: images, mayFetch: (url) => allowsImageUrl(url, policy.imageUrls) });
  const image = start.decoded.wanted.image.name;
  const createMet = async (): Promise<FoundContainer> => {
    using hold = start.engine.heldImages.begin();
    return await createWith(await inStep(`find image ${image}`, () => meetImages(plan.needs, context, hold, signal)));
  };
  // A clean-up, ours or another's, may have taken what was there a moment ago.
  return (await createMet().catch(undefinedWhenMissing)) ?? (await createMet());
}

/** Of an image that is not there Podman says 404, or 500 (4.3). */
function undefinedWhenMissing(error: unknown): undefined {
  const cause = error instanceof DriverError ? error.cause : undefined;
  if (!(cause instanceof LibpodError) || cause.podmanCause === "no such pod") throw error;
  if (cause.code !== "not-found" && !isImageGone(cause)) throw error;
}

async function createOrFind(start: Start, spec: NamedSpec, options: { readonly clearsStorage: boolean }): Promise<FoundContainer> {
  try {
    return await create(start, spec);
  } catch (error) {
    start.signal.throwIfAborted();
    if (!isNameConflict(error)) throw error;
    const found = await clearName(start, spec.name);
    if (typeof found === "object") return found;
    const holder = toNameHolder(error);
    if (found === "nobody" && options.clearsStorage && holder !== undefined) await remove(start, holder, start.signal);
    return await create(start, spec);
  }
}

/**
 * Is not broken off with the start: Podman would go on, and its container would come after the roll-back has looked for it. One
 * that does not answer at all is not waited for any longer than `lateCreateMs`; what comes of it later is cleared away by the next
 * start of the task, or by the look for dangling containers.
 */
async function create({ engine, logger, emit, signal }: Start, spec: NamedSpec): Promise<FoundContainer> {
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => patience.abort(signal.reason), lateCreateMs);
  };
  signal.addEventListener("abort", begin, { once: true });
  try {
    const { id, warnings } = await engine.createContainer(spec, patience.signal);
    // So it says what it has dropped of a wish, such as a limit that the host's kernel does not know (podman 4.3 to 6.1, cgroup v1).
    for (const warning of warnings) {
      logger.warn(`Podman on creating ${spec.name}: ${warning}`);
      emit(`Podman says of this task's container: ${warning}`);
    }
    return { id, hasRun: false, isTakenOver: false };
  } finally {
    signal.removeEventListener("abort", begin);
    clearTimeout(timer);
  }
}

/** Makes room for the task's container. Returns one that is this very start's, to be taken over. */
async function clearName(start: Start, name: string): Promise<FoundContainer | "nobody" | "cleared"> {
  const { engine, task, logger, signal } = start;
  const existing = await engine.client.containers.inspect(name, signal);
  if (existing === undefined) return "nobody";
  // Somebody is about it: the name will be free at one of the next tries.
  if (existing.state.status === "removing") return "cleared";
  const claim = judgeClaim(existing, task, start.decoded.configHash);
  switch (claim.kind) {
    case "foreign":
      throw new DriverError("failed", `the container name ${name} is taken by ${claim.owner}: remove or rename that container`, {
        recoverable: true,
      });
    case "same-start":
      if (!wasCutOff(existing)) return { id: existing.id, hasRun: wasStarted(existing), isTakenOver: true };
      logger.warn(`removing container ${name}: ${cutOffError(existing).message}`);
      break;
    case "leftover":
      logger.info(`removing container ${name}, left over from an earlier start of the task`, { container: existing.id });
      await removeLeftover({ podman: engine.client, task, logger }, existing.id, signal);
      return "cleared";
  }
  await remove(start, existing.id, signal);
  return "cleared";
}

/** By name and label, since the id is not known: a create whose answer is lost may have happened all the same. */
async function removeOwn(start: Start, name: string, signal: AbortSignal): Promise<void> {
  const existing = await start.engine.client.containers.inspect(name, signal);
  if (existing === undefined || judgeClaim(existing, start.task, start.decoded.configHash).kind !== "same-start") return;
  await remove(start, existing.id, signal);
}

async function remove({ engine }: Start, containerId: string, signal: AbortSignal): Promise<void> {
  await engine.client.containers.remove(containerId, { force: true, volumes: true, timeoutSeconds: 0 }, signal);
}
