import { statfs } from "node:fs/promises";
import type { ImageListEntry } from "@driver/libpod";
import { DriverError, type Logger } from "@driver/nomad-plugin";
import type { ImageCleanUpPolicy } from "../config/image-clean-up-policy.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineRounds } from "../engine/engine-rounds.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { RepeatedRefusals } from "../repeated-refusals.ts";
import { isMark } from "./image-mark.ts";
import { listImages } from "./list-images.ts";
import { MountedImages } from "./mounted-images.ts";
import { planCleanUp, type CleanUpPlan, type UnusedSince } from "./plan-clean-up.ts";
import { toSize } from "./pull-progress.ts";
import { removeUnused } from "./remove-unused.ts";

export interface ImageCleanUpOptions {
  readonly policy: ImageCleanUpPolicy;
  readonly engines: readonly Engine[];
  readonly logger: Logger;
  /** The clean-up of the config until now, whose delays run on. Default: every delay begins anew. */
  readonly former?: ImageCleanUp | undefined;
}

/** A look is one call; the delay is kept to within one. */
const shortestPauseMs = 500;
const longestPauseMs = 60_000;
/** In one call, which is finished also when the plugin ends. */
const removedTogether = 50;

/**
 * Removes images that no container has used for a while. What is in use is asked of Podman at each look, so that nothing has to be
 * remembered over a restart but that a delay begins anew. Runs from its making until `close`.
 */
export class ImageCleanUp {
  readonly #options: Omit<ImageCleanUpOptions, "former">;
  readonly #unusedSince: Map<Engine, UnusedSince>;
  readonly #mounts = new Map<Engine, MountedImages>();
  /** What a dry run has told of, by engine and image, so that it tells once. */
  readonly #told = new Set<string>();
  readonly #refusals: RepeatedRefusals<Engine>;
  readonly #failure: RepeatedFailure;
  readonly #rounds: EngineRounds;

  constructor({ former, ...options }: ImageCleanUpOptions) {
    const { policy, engines, logger } = options;
    this.#options = options;
    this.#refusals = new RepeatedRefusals(logger, "an unused image cannot be removed; the next look tries again");
    this.#failure = new RepeatedFailure(logger, "unused images cannot be removed; the next look tries again");
    const known = former === undefined ? [] : [...former.#unusedSince];
    this.#unusedSince = new Map(known.filter(([engine]) => engines.includes(engine)));
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, policy.delayMs / 3));
    this.#rounds = new EngineRounds({
      subject: "unused images",
      engines,
      pauseMs,
      look: (engine, signal) => this.#look(engine, signal),
      logger,
    });
  }

  /** Settles when nothing is looked at or removed any more. */
  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #look(engine: Engine, signal: AbortSignal): Promise<void> {
    const { policy } = this.#options;
    const images = await listImages(engine.client, signal);
    const before = this.#unusedSince.get(engine) ?? new Map();
    const planWithout = (mounted: ReadonlySet<string>): CleanUpPlan => {
      const used = new Set([...mounted, ...engine.heldImages.list()]);
      const plan = planCleanUp(images, before, { policy, mounted: used, nowMs: performance.now() });
      this.#unusedSince.set(engine, plan.unusedSince);
      this.#refusals.keepOnly(engine, plan.due.map(({ id }) => id));
      return plan;
    };
    // After the images, so that it has what has been mounted since.
    const { due } = planWithout(await this.#mountsOf(engine).listOwn(signal));
    if (due.length === 0 || !(await isFuller(engine, policy.water?.high, signal))) return;
    // Others' mounts take more calls: they are asked for when an image is to go.
    const { due: unmounted } = planWithout(await this.#mountsOf(engine).listAll(images, signal));
    await this.#removeAll(engine, unmounted, signal);
  }

  #mountsOf(engine: Engine): MountedImages {
    const known = this.#mounts.get(engine) ?? new MountedImages(engine.client);
    this.#mounts.set(engine, known);
    return known;
  }

  /** The longest unused first, until the disk is empty enough. */
  async #removeAll(engine: Engine, due: readonly ImageListEntry[], signal: AbortSignal): Promise<void> {
    const { policy } = this.#options;
    if (policy.dryRun) return this.#tellAll(engine, due);
    const together = policy.water === undefined ? removedTogether : 1;
    for (let at = 0; at < due.length; at += together) {
      // Podman refuses to remove an image that a container has come to use, but not one that has come to be mounted.
      const mounted = at === 0 ? new Set() : await this.#mountsOf(engine).listAll(due, signal);
      const held = engine.heldImages.list();
      const images = due.slice(at, at + together).filter(({ id }) => !mounted.has(id) && !held.includes(id));
      if (images.length > 0) await this.#remove(engine, images, signal);
      if (signal.aborted || !(await isFuller(engine, policy.water?.low, signal))) return;
    }
  }

  #tellAll(engine: Engine, due: readonly ImageListEntry[]): void {
    for (const image of due) {
      const key = `${engine.socketPath} ${image.id}`;
      if (!this.#told.has(key)) this.#options.logger.info("dry run: this unused image would be removed", toFields(engine, image));
      this.#told.add(key);
    }
  }

  async #remove(engine: Engine, images: readonly ImageListEntry[], signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    try {
      const { kept, errors } = await removeUnused(engine.client, images);
      this.#failure.succeeded(engine.socketPath);
      const removed = images.filter(({ id }) => !kept.has(id));
      // A line for each would take as much of a core as the removal itself.
      if (removed.length > 0) logger.info(`unused image${removed.length === 1 ? "" : "s"} removed`, toFields(engine, ...removed));
      for (const image of images.filter(({ id }) => kept.has(id))) {
        if (errors.some((error) => isAboutUse(error))) logger.info("an image is in use again, and stays", toFields(engine, image));
        else this.#refusals.tell(engine, image.id, errors.join("; "), toFields(engine, image));
      }
    } catch (error) {
      if (!signal.aborted) this.#failure.failed(error, engine.socketPath);
    }
  }
}

/** In Podman's words, the later ones of 3.0. */
function isAboutUse(error: string): boolean {
  return /\bin use\b|being used/.test(error);
}

function toFields(engine: Engine, ...images: readonly ImageListEntry[]): Readonly<Record<string, string>> {
  return {
    image: images.map(({ id }) => id).join(","),
    names: images.flatMap(({ names }) => names.filter((name) => !isMark(name))).join(","),
    size: toSize(images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)),
    socket: engine.socketPath,
  };
}

/** Whether the disk of the images is fuller than so many percent; always without a mark. */
async function isFuller(engine: Engine, percent: number | undefined, signal: AbortSignal): Promise<boolean> {
  if (percent === undefined) return true;
  const { graphRoot, isRemote } = await engine.facts(signal);
  if (isRemote) throw new DriverError("unsupported", "how full a disk of another host is cannot be told: unset gc.image_high_water");
  const { blocks, bavail } = await statfs(graphRoot);
  return blocks > 0 && (100 * (blocks - bavail)) / blocks >= percent;
}
