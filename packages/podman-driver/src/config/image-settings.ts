import { toTimerMs } from "@driver/std";
import { parseDurationMs } from "./parse-duration.ts";
import { noOperatorAuth, resolveAuth, type OperatorAuth } from "./resolve-auth.ts";

/** What the operator has set for the images of all tasks. */
export interface ImageSettings {
  readonly auth: OperatorAuth;
  /** Longest time of a pull whose task does not say; Infinity: no limit. */
  readonly pullTimeoutMs: number;
  /** Longest time of a download in which no byte comes; Infinity: no limit. */
  readonly pullActivityTimeoutMs: number;
  /** The image of pods' infra containers; undefined: Podman's own. */
  readonly infraImage: string | undefined;
  /** Longest time until it is there; Infinity: no limit. */
  readonly infraPullTimeoutMs: number;
  /** True: what is pulled or loaded is marked as this driver's to remove. */
  readonly marksPulled: boolean;
}

/** Total as the Go driver's default. Over a blob that a registry answers with 429, Podman itself is silent for 123 s (podman 5.4). */
export const imageDefaults = { image_pull_timeout: "5m", pull_activity_timeout: "3m", infra_image_pull_timeout: "5m" } as const;

export const defaultImageSettings: ImageSettings = resolveImageSettings({ ...imageDefaults, gc: { image: false } });

interface ImageOptions {
  readonly auth?: Parameters<typeof resolveAuth>[0];
  readonly image_pull_timeout: string;
  readonly pull_activity_timeout: string;
  readonly infra_image?: string | undefined;
  readonly infra_image_pull_timeout: string;
  readonly gc: { readonly image: boolean };
}

/** @throws DriverError `config-invalid` */
export function resolveImageSettings(options: ImageOptions): ImageSettings {
  return {
    auth: options.auth === undefined ? noOperatorAuth : resolveAuth(options.auth),
    pullTimeoutMs: parseLimitMs(options.image_pull_timeout, "image_pull_timeout"),
    pullActivityTimeoutMs: parseLimitMs(options.pull_activity_timeout, "pull_activity_timeout"),
    infraImage: options.infra_image === "" ? undefined : options.infra_image,
    infraPullTimeoutMs: parseLimitMs(options.infra_image_pull_timeout, "infra_image_pull_timeout"),
    marksPulled: options.gc.image,
  };
}

/** A duration as a limit: 0 is none, Infinity. */
export function parseLimitMs(text: string, key: string): number {
  const durationMs = parseDurationMs(text, key);
  return durationMs === 0 ? Infinity : toTimerMs(durationMs);
}
