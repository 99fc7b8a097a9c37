import type { ContainerListEntry } from "@driver/libpod";
import type { Engine } from "../engine/engine.ts";
import { EngineRounds } from "../engine/engine-rounds.ts";
import { RepeatedRefusals } from "../repeated-refusals.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { DanglingPods, type DanglingPodsOptions } from "./dangling-pods.ts";
import { planReaping, type ReapFacts } from "./plan-reaping.ts";

export interface DanglingReaperOptions extends DanglingPodsOptions {
  readonly engines: readonly Engine[];
  /** Whether a task has an owner. */
  readonly isKnown: (taskId: string) => boolean;
  /** The container of a task without one is gone. */
  readonly onRemoved: (taskId: string) => void;
  /** That of the config until now, which has looked already. Default: nobody has. */
  readonly former?: DanglingReaper | undefined;
}

/**
 * Removes containers and pods of this node's tasks and groups that Nomad has lost, as Nomad's Docker driver does: they hold ports,
 * memory and a name that the next start needs. Looks once a period; runs from its making until `close`.
 */
export class DanglingReaper {
  readonly #options: Omit<DanglingReaperOptions, "former">;
  readonly #pods: DanglingPods;
  readonly #refusals: RepeatedRefusals<Engine>;
  readonly #rounds: EngineRounds;

  constructor({ former, ...options }: DanglingReaperOptions) {
    const { policy, engines, presence, logger } = options;
    this.#options = options;
    this.#refusals = new RepeatedRefusals(logger, "dangling container cannot be removed; the next look tries again");
    this.#pods = new DanglingPods(options, former === undefined ? undefined : former.#pods);
    this.#rounds = new EngineRounds({
      subject: "dangling containers and pods",
      engines,
      pauseMs: policy.periodMs,
      isDue: () => presence.hasSettled(policy.creationGraceMs),
      look: (engine, signal) => this.#reap(engine, signal),
      logger,
    });
  }

  /** Settles when nothing is looked at or removed any more. */
  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #reap(engine: Engine, signal: AbortSignal): Promise<void> {
    const { policy, presence, isKnown } = this.#options;
    const { nodeId } = presence;
    const listed = await engine.client.containers.list({ labels: [ownLabels.taskId, `${ownLabels.nodeId}=${nodeId}`] }, signal);
    const facts: ReapFacts = { nodeId, isKnown, now: new Date() };
    const due = planReaping(listed, facts, policy);
    this.#refusals.keepOnly(engine, due.map(({ id }) => id));
    for (const container of due) await this.#remove(engine, container, signal);
    // Those that the containers have left.
    await this.#pods.reap(engine, signal);
  }

  async #remove(engine: Engine, container: ContainerListEntry, signal: AbortSignal): Promise<void> {
    const { policy, isKnown, onRemoved, logger } = this.#options;
    const taskId = container.labels[ownLabels.taskId] ?? "";
    const fields = {
      container: container.id,
      name: container.names.join(","),
      status: container.status,
      task: taskId,
      socket: engine.socketPath,
    };
    if (policy.dryRun) {
      logger.info("dry run: this dangling container would be removed", fields);
      return;
    }
    // Its task may have come while others were removed.
    if (isKnown(taskId)) return;
    try {
      await engine.client.containers.remove(container.id, { force: true, volumes: true, timeoutSeconds: 0 }, signal);
      logger.info("dangling container removed: Nomad knows no task for it", fields);
      onRemoved(taskId);
    } catch (error) {
      if (!signal.aborted) this.#refusals.tell(engine, container.id, String(error), fields);
    }
  }
}
