import type { ContainerInspect } from "@driver/libpod";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { TaskSettings } from "../config/task-settings.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import type { Engine } from "../engine/engine.ts";
import { inStep, mayPassSoon } from "../errors.ts";
import type { DecodedTask } from "../plan/want-task.ts";
import { retryTransient } from "./retry-transient.ts";
import type { TaskSurroundings } from "./task-surroundings.ts";

/** A task that is to be started, and on which engine. */
export interface StartRequest extends TaskSurroundings {
  readonly task: TaskConfig;
  readonly decoded: DecodedTask;
  readonly engine: Engine;
  /** What the plugin config calls it. */
  readonly socketName: string;
  readonly settings: TaskSettings;
}

/** A start under way, on an engine that has told what it can do. */
export interface Start extends StartRequest {
  readonly facts: EngineFacts;
  readonly signal: AbortSignal;
  /** Does one step with Podman, again where that may help, and names it in the error. */
  inStep<T>(step: string, work: () => Promise<T>): Promise<T>;
  /** How Podman sees a container by name or id; undefined: there is none. */
  look(container: string): Promise<ContainerInspect | undefined>;
}

/** Each step of a start is tried five times within this, as Nomad's Docker driver tries five times; its pauses are longer. */
const retryForMs = 3000;

const fullId = /^[0-9a-f]{64}$/;

/** Podman's hiccups are no failure of the task. What the job or a registry is to blame for is told at once. */
export async function beginStart(request: StartRequest, signal: AbortSignal): Promise<Start> {
  const { engine, logger } = request;
  const step = <T>(text: string, work: () => Promise<T>): Promise<T> => {
    const when = (error: unknown): boolean => {
      const again = mayPassSoon(error);
      if (again) logger.info(`${text}: failed, and may be tried again`, { error: String(error) });
      return again;
    };
    return inStep(text, retryTransient(work, { forMs: retryForMs, when, signal }));
  };
  const look = (container: string): Promise<ContainerInspect | undefined> =>
    step(`look at container ${container.replace(fullId, (id) => id.slice(0, 12))}`, () =>
      engine.client.containers.inspect(container, signal),
    );
  const facts = await step(`ask Podman at ${engine.socketPath} what it can do`, () => engine.facts(signal));
  return { ...request, emit: request.emit.bind(request), facts, signal, inStep: step, look };
}
