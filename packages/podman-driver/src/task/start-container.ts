import type { ContainerInspect } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import type { ContainerPlan } from "../plan/container-plan.ts";
import type { Shortfall } from "../topics/topic.ts";
import { explainAccess, findEngineUser, tellClosedFiles, tellPassage } from "./closed-to-user.ts";
import { createContainer, type FoundContainer } from "./create-container.ts";
import { cutOffError, wasCutOff, wasStarted } from "./cut-off-start.ts";
import { explainFailure } from "./explain-failure.ts";
import { guardMounts } from "./guard-mounts.ts";
import { checkAllJoined } from "./join-task.ts";
import { meetNeeds } from "./meet-needs.ts";
import type { Rollback } from "./rollback.ts";
import type { Start } from "./start-request.ts";

export interface StartedContainer {
  readonly observed: ContainerInspect;
  /** True: made by an earlier call, perhaps of a plugin that has died since. */
  readonly isTakenOver: boolean;
}

/**
 * Brings a planned container up and returns what Podman then says of it. Whatever fails is undone by `undo`, which the
 * caller owns and keeps once nothing else can fail.
 */
export async function startContainer(start: Start, plan: ContainerPlan, undo: Rollback): Promise<StartedContainer> {
  const { engine, facts, task, services: { roots, allocationPaths }, settings, inStep, emit, signal } = start;
  const user = facts.rootless ? findEngineUser(roots, engine.socketPath) : undefined;
  if (user !== undefined && settings.opensAllocationPath) {
    await allocationPaths.open(task.allocDir, user, { signal, tell: (passage) => emit(tellPassage(passage, user)) });
  }
  const { id, isTakenOver } = await createAndStart(start, plan, undo).catch(async (error: unknown) => {
    allocationPaths.forget();
    const site = { engine, roots: facts.isRemote ? undefined : roots, signal };
    throw await explainAccess(await explainFailure(error, plan, site), plan.binds, user);
  });
  const closed = user === undefined ? undefined : tellClosedFiles(task, user);
  if (closed !== undefined) emit(closed);
  const observed = await inStep(`inspect container ${plan.name}`, () => engine.client.containers.inspect(id, signal));
  if (observed !== undefined) return { observed, isTakenOver };
  throw new DriverError("failed", `container ${plan.name} vanished as soon as it was started`, { recoverable: true });
}

async function createAndStart(start: Start, plan: ContainerPlan, undo: Rollback): Promise<FoundContainer> {
  const met = await meetNeeds(plan, start, undo);
  const container = await createContainer(start, { plan, met }, undo);
  await verify(start, plan, container.id);
  if (container.hasRun) return container;
  if (met.expected !== undefined) await guardMounts(start, container.id, met.expected);
  await checkAllJoined(met.joined, start);
  await startOnce(start, container.id);
  return container;
}

/** Looks at what Podman has made where it does not always do what it is asked, before the task runs in it. */
async function verify({ look, emit }: Start, { findShortfalls }: ContainerPlan, containerId: string): Promise<void> {
  if (findShortfalls === undefined) return;
  const made = await look(containerId);
  const shortfalls = made === undefined ? [] : findShortfalls(made);
  const toText = ({ key, wanted, got }: Shortfall): string =>
    `config key ${key}: the task asks for ${wanted}, and Podman has made ${got} of it`;
  const fatal = shortfalls.filter(({ isFatal }) => isFatal);
  if (fatal.length > 0) throw new DriverError("unsupported", `${fatal.map(toText).join("; ")}: the task is not run`);
  for (const shortfall of shortfalls) emit(toText(shortfall));
}

/** A start whose answer was lost may have happened, and its process may have ended again: it is not started twice. */
async function startOnce({ engine, inStep, signal }: Start, containerId: string): Promise<void> {
  const { containers } = engine.client;
  let tries = 0;
  await inStep(`start container ${containerId.slice(0, 12)}`, async () => {
    tries += 1;
    const found = tries > 1 ? await containers.inspect(containerId, signal) : undefined;
    if (found !== undefined && wasCutOff(found)) throw cutOffError(found);
    if (!wasStarted(found)) await engine.startContainer(containerId, signal);
  });
}
