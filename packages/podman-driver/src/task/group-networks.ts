import type { CreatedNetwork, Logger } from "@driver/nomad-plugin";
import type { ImageSettings } from "../config/image-settings.ts";
import type { DriverServices } from "../driver-services.ts";
import type { Engine } from "../engine/engine.ts";
import type { NamedEngine } from "../engine/engines.ts";
import { isNoAnswer } from "../errors.ts";
import { toImageContext } from "../image/image-context.ts";
import { meetInfraImage } from "../image/infra-image.ts";
import { explainNetworkFailure } from "../topics/network/explain-failure.ts";
import type { Explanation } from "../topics/topic.ts";
import { explainFailure } from "./explain-failure.ts";
import { createGroupPod, findGroupPod, removeGroupPod, type GroupPodWish, type PodRemoval } from "./group-pods.ts";
import type { UnfinishedRemovals } from "./unfinished-removals.ts";

export interface GroupNetworksOptions {
  readonly services: Pick<DriverServices, "roots" | "authEntries" | "credentialHelpers">;
  readonly removals: UnfinishedRemovals;
  readonly logger: Logger;
}

/** Who asks for a network, and with what the operator's infra image is fetched. */
export interface GroupNetworkRequest extends GroupPodWish {
  /** Of the agent, by `AgentPresence.session`. */
  readonly session: number | undefined;
  readonly images: ImageSettings;
}

/** The networks that this plugin holds for the groups of allocations. */
export class GroupNetworks {
  readonly #options: GroupNetworksOptions;
  /** Allocations with a network, and the agent that has asked for it last, by `AgentPresence.session`. */
  readonly #wanted = new Map<string, number | undefined>();

  constructor(options: GroupNetworksOptions) {
    this.#options = options;
  }

  /**
   * Whether the agent of a session has asked for the allocation's network, and not to have it destroyed: one that comes anew asks
   * again.
   */
  isWanted(allocId: string, session: number | undefined): boolean {
    return this.#wanted.has(allocId) && (this.#wanted.get(allocId) ?? session) === session;
  }

  /** As `createGroupPod`. What fails leaves nothing behind. */
  async create({ name, engine }: NamedEngine, wish: GroupNetworkRequest, signal: AbortSignal): Promise<CreatedNetwork> {
    const { services, logger } = this.#options;
    const { allocId, session, images: settings } = wish;
    const emit = (message: string): void => logger.info(message, { allocation: allocId });
    const meetImage = async (bounded: AbortSignal): Promise<string | undefined> => {
      // It comes from a registry.
      const mayFetch = (): boolean => false;
      const facts = await engine.facts(bounded);
      return meetInfraImage(toImageContext({ engine, facts, settings, mayFetch, emit, logger, services }), bounded);
    };
    this.#wanted.set(allocId, session);
    try {
      const context = { name, engine, roots: services.roots, logger };
      return await createGroupPod(wish, { ...context, meetInfraImage: settings.infraImage === undefined ? undefined : meetImage }, signal);
    } catch (error) {
      this.#wanted.delete(allocId);
      const ports = wish.connection?.ports ?? [];
      const explain = (text: string): Explanation | undefined => explainNetworkFailure(text, { endpoints: [], ports });
      throw await explainFailure(error, { explain }, { engine, roots: services.roots, signal });
    }
  }

  /**
   * Removes an allocation's network. Nomad asks once: what Podman does not let go of is tried again for as long as the plugin lives,
   * and one that does not answer is not waited for.
   */
  async destroy(engine: Engine, allocId: string, how: PodRemoval, signal: AbortSignal): Promise<void> {
    this.#wanted.delete(allocId);
    const remove = async (stop: AbortSignal): Promise<void> => {
      // A second network of the same allocation is not what was to be removed.
      const pod = this.#wanted.has(allocId) ? undefined : await findGroupPod(engine, allocId, stop);
      if (pod !== undefined) await removeGroupPod(engine, pod, how, stop);
    };
    try {
      await remove(signal);
    } catch (error) {
      this.#options.removals.add(`network of ${allocId}`, { remove, holders: [] });
      if (!isNoAnswer(error)) throw error;
    }
  }
}
