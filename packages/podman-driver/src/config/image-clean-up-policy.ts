import { parseDurationMs } from "./parse-duration.ts";
import type { Report } from "./report.ts";

/** The operator's wishes for images that no container uses. */
export interface ImageCleanUpPolicy {
  /** An image goes after so long without a container. */
  readonly delayMs: number;
  /** Names that stay, as patterns with * and ?. */
  readonly keep: readonly string[];
  /** True: also those that this driver has not pulled. */
  readonly takesOthers: boolean;
  /** Percent of the disk; undefined: images go whatever the disk is. */
  readonly water: { readonly high: number; readonly low: number } | undefined;
  /** Only log what would be removed. */
  readonly dryRun: boolean;
}

/** The delay of Nomad's Docker driver. */
export const imageCleanUpDefaults = { image: false, image_delay: "3m", image_keep: [], image_others: false, image_dry_run: false } as const;

interface CleanUpOptions {
  readonly image: boolean;
  readonly image_delay: string;
  readonly image_keep: readonly string[];
  readonly image_others: boolean;
  readonly image_high_water?: number | undefined;
  readonly image_low_water?: number | undefined;
  readonly image_dry_run: boolean;
}

/** How far below the high water mark a clean-up goes where the operator does not say. */
const defaultDrop = 10;
const highKey = "gc.image_high_water";

/** Undefined: images stay. */
export function resolveImageCleanUp(options: CleanUpOptions, report: Report): ImageCleanUpPolicy | undefined {
  const { image, image_keep: keep, image_others: takesOthers, image_dry_run: dryRun } = options;
  const key = "gc.image_delay";
  const delayMs = report.attempt(key, 0, () => parseDurationMs(options.image_delay, key));
  const water = resolveWater(options.image_high_water || undefined, options.image_low_water, report);
  return image ? { delayMs, keep, takesOthers, water, dryRun } : undefined;
}

function resolveWater(high: number | undefined, low: number | undefined, report: Report): ImageCleanUpPolicy["water"] {
  if (high === undefined) {
    if (low !== undefined && low !== 0) {
      const problem = "is missing: gc.image_low_water alone says when to stop, not when to begin";
      report.refuse({ key: highKey, problem, remedy: "set both, or remove gc.image_low_water" });
    }
    return undefined;
  }
  if (high <= 0 || high > 100) {
    report.refuse({ key: highKey, value: high, problem: "is no percentage of a disk", remedy: "write e.g. 85" });
    return undefined;
  }
  const stop = low ?? Math.max(0, high - defaultDrop);
  if (stop < 0 || stop >= high) {
    const problem = `is not below ${highKey} (${high})`;
    report.refuse({ key: "gc.image_low_water", value: stop, problem, remedy: "write less, and at least 0" });
  }
  return { high, low: stop };
}
