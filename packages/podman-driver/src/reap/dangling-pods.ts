import type { PodListEntry } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import type { ReapPolicy } from "../config/driver-config.ts";
import type { Engine } from "../engine/engine.ts";
import { RepeatedRefusals } from "../repeated-refusals.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import type { AgentPresence } from "./agent-presence.ts";
import { planPodReaping } from "./plan-pod-reaping.ts";

export interface DanglingPodsOptions {
  readonly policy: ReapPolicy;
  readonly presence: AgentPresence;
  /** Whether somebody wants an allocation's network, or knows a task of it. */
  readonly isWanted: (allocId: string) => boolean;
  /** Whether a mark is that of another plugin's process, which still runs. */
  readonly isOthers: (mark: string) => boolean;
  /** Removes a pod, or ends what runs in it where containers are kept. */
  readonly removePod: (engine: Engine, pod: PodListEntry, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/** Removes the pods of groups that Nomad has lost, a look at a time. */
export class DanglingPods {
  readonly #options: DanglingPodsOptions;
  /** What the last look has found, by socket. */
  readonly #lonely: Map<string, ReadonlyMap<string, number>>;
  readonly #refusals: RepeatedRefusals<Engine>;

  /** `former`: those of the config until now, whose times of grace run on. Default: every one begins anew. */
  constructor(options: DanglingPodsOptions, former?: DanglingPods) {
    this.#options = options;
    this.#refusals = new RepeatedRefusals(options.logger, "dangling pod cannot be removed; the next look tries again");
    this.#lonely = new Map(former === undefined ? [] : former.#lonely);
  }

  /** Looks once. Rejects when Podman does not list its pods. */
  async reap(engine: Engine, signal: AbortSignal): Promise<void> {
    const { policy, presence, isWanted, isOthers } = this.#options;
    const { nodeId } = presence;
    const listed = await engine.client.pods.list({ labels: [ownLabels.group] }, signal);
    const facts = {
      nodeId,
      isWanted,
      isOthers,
      nowMs: performance.now(),
      lonelySinceMs: this.#lonely.get(engine.socketPath) ?? new Map<string, number>(),
    };
    const { due, lonelySinceMs } = planPodReaping(listed, facts, policy);
    this.#lonely.set(engine.socketPath, lonelySinceMs);
    this.#refusals.keepOnly(engine, due.map(({ id }) => id));
    for (const pod of due) await this.#remove(engine, pod, signal);
  }

  async #remove(engine: Engine, pod: PodListEntry, signal: AbortSignal): Promise<void> {
    const { policy, isWanted, removePod, logger } = this.#options;
    const allocation = pod.labels[ownLabels.allocId] ?? "";
    const fields = { pod: pod.id, name: pod.name, allocation, socket: engine.socketPath };
    if (policy.dryRun) {
      logger.info("dry run: this dangling pod would be removed", fields);
      return;
    }
    // Its group may have come while others were removed.
    if (isWanted(allocation)) return;
    try {
      await removePod(engine, pod, signal);
      logger.info("dangling pod removed: Nomad knows no allocation for it", fields);
    } catch (error) {
      if (!signal.aborted) this.#refusals.tell(engine, pod.id, String(error), fields);
    }
  }
}
