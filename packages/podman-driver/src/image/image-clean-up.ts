import { statfs } from "node:fs/promises";
import { LibpodError, type ImageListEntry, type PodmanClient } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import type { ImageCleanUpPolicy } from "../config/image-clean-up-policy.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineRounds } from "../engine/engine-rounds.ts";
import { isMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";
import { planCleanUp, type UnusedSince } from "./plan-clean-up.ts";
import { toSize } from "./pull-progress.ts";

export interface ImageCleanUpOptions {
  readonly policy: ImageCleanUpPolicy;
  readonly engines: readonly Engine[];
  readonly logger: Logger;
}

/** A look is one call; the delay is kept to within one. */
const shortestPauseMs = 500;
const longestPauseMs = 60_000;

/**
 * Removes images that no container has used for a while. What is in use is asked of Podman at each look, so that nothing has to be
 * remembered over a restart but that a delay begins anew. Runs from its making until `close`.
 */
export class ImageCleanUp {
  readonly #options: ImageCleanUpOptions;
  readonly #unusedSince = new Map<Engine, UnusedSince>();
  /** What a dry run has told of, so that it tells once. */
  readonly #told = new Set<string>();
  readonly #rounds: EngineRounds;

  constructor(options: ImageCleanUpOptions) {
    const { policy, engines, logger } = options;
    this.#options = options;
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, policy.delayMs / 3));
    this.#rounds = new EngineRounds({ subject: "unused images", engines, pauseMs, look: (engine, signal) => this.#look(engine, signal), logger });
  }

  /** Settles when nothing is looked at or removed any more. */
  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #look(engine: Engine, signal: AbortSignal): Promise<void> {
    const { policy } = this.#options;
    const images = await listImages(engine.client, signal);
    const { due, unusedSince } = planCleanUp(images, this.#unusedSince.get(engine) ?? new Map(), { policy, nowMs: performance.now() });
    this.#unusedSince.set(engine, unusedSince);
    if (due.length > 0 && (await isFuller(engine, policy.water?.high, signal))) await this.#removeAll(engine, due, signal);
  }

  /** One after the other, until the disk is empty enough. */
  async #removeAll(engine: Engine, due: readonly ImageListEntry[], signal: AbortSignal): Promise<void> {
    const { policy } = this.#options;
    for (const image of due) {
      await this.#remove(engine, image, signal);
      if (!policy.dryRun && !(await isFuller(engine, policy.water?.low, signal))) return;
    }
  }

  async #remove(engine: Engine, image: ImageListEntry, signal: AbortSignal): Promise<void> {
    const { policy, logger } = this.#options;
    const fields = {
      image: image.id,
      names: image.names.filter((name) => !isMark(name)).join(","),
      size: toSize(image.sizeBytes),
      socket: engine.socketPath,
    };
    if (policy.dryRun) {
      if (!this.#told.has(image.id)) logger.info("dry run: this unused image would be removed", fields);
      this.#told.add(image.id);
      return;
    }
    try {
      if (await removeUnused(engine.client, image, signal)) logger.info("unused image removed", fields);
      else logger.info("an image is in use again, and stays", fields);
    } catch (error) {
      if (!signal.aborted) logger.warn("an unused image cannot be removed; the next look tries again", { ...fields, error: String(error) });
    }
  }
}

/**
 * Removes an image with all its names, unless a container has come to use it: then it keeps them. By ID at the last, which Podman refuses
 * while there is a container; a name it would take off all the same (podman 4.3 to 6.1). Gives whether the image is gone.
 */
async function removeUnused(podman: PodmanClient, { id, repoTags }: ImageListEntry, signal: AbortSignal): Promise<boolean> {
  // The last name goes with the image, so that one that is in use never lacks it.
  const ordered = repoTags.toSorted((one, other) => Number(isMark(one)) - Number(isMark(other)));
  const extra = ordered.slice(1).map(toName);
  for (const name of extra) await podman.images.untag(id, name, signal);
  try {
    await podman.images.remove(id, signal);
    return true;
  } catch (error) {
    for (const name of extra) await podman.images.tag(id, name, signal);
    if (error instanceof LibpodError && error.code === "conflict") return false;
    throw error;
  }
}

function toName(name: string): { readonly repository: string; readonly tag: string } {
  const colon = name.lastIndexOf(":");
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** Whether the disk of the images is fuller than so many percent; always without a mark. */
async function isFuller(engine: Engine, percent: number | undefined, signal: AbortSignal): Promise<boolean> {
  if (percent === undefined) return true;
  const { graphRoot } = await engine.facts(signal);
  const { blocks, bavail } = await statfs(graphRoot);
  return blocks > 0 && (100 * (blocks - bavail)) / blocks >= percent;
}
