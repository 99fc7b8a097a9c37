import { DriverError } from "@driver/nomad-plugin";
import { parseDurationMs } from "./parse-duration.ts";

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

/**
 * Undefined: images stay.
 * @throws DriverError `config-invalid`
 */
export function resolveImageCleanUp(options: CleanUpOptions): ImageCleanUpPolicy | undefined {
  const { image, image_keep: keep, image_others: takesOthers, image_dry_run: dryRun } = options;
  const delayMs = parseDurationMs(options.image_delay, "gc.image_delay");
  const water = resolveWater(options.image_high_water || undefined, options.image_low_water || undefined);
  return image ? { delayMs, keep, takesOthers, water, dryRun } : undefined;
}

function resolveWater(high: number | undefined, low: number | undefined): ImageCleanUpPolicy["water"] {
  if (high === undefined && low === undefined) return undefined;
  if (high === undefined) throw invalid("image_high_water", "is missing: gc.image_low_water alone says when to stop, not when to begin");
  if (high <= 0 || high > 100) throw invalid("image_high_water", `${high} is no percentage of a disk; write e.g. 85`);
  const stop = low ?? Math.max(0, high - defaultDrop);
  if (stop < 0 || stop >= high) throw invalid("image_low_water", `${stop} is not below gc.image_high_water (${high})`);
  return { high, low: stop };
}

function invalid(key: string, text: string): DriverError {
  return new DriverError("config-invalid", `config key gc.${key}: ${text}`, { configKey: `gc.${key}` });
}
