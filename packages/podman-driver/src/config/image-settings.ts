import { toTimerMs } from "@driver/std";
import { parseRegistryImage, type RegistrySource } from "./image-reference.ts";
import { parseDurationMs } from "./parse-duration.ts";
import { reportAll, type Report } from "./report.ts";
import { resolveAuth, type OperatorAuth } from "./resolve-auth.ts";

/** What the operator has set for the images of all tasks. */
export interface ImageSettings {
  readonly auth: OperatorAuth;
  /** Longest time of a pull whose task does not say; Infinity: no limit. */
  readonly pullTimeoutMs: number;
  /** Longest time of a download in which no byte comes; Infinity: no limit. */
  readonly pullActivityTimeoutMs: number;
  /** The image of pods' infra containers; undefined: Podman's own. */
  readonly infraImage: RegistrySource | undefined;
  /** Longest time until it is there; Infinity: no limit. */
  readonly infraPullTimeoutMs: number;
  /** True: what is pulled or loaded is marked as this driver's to remove. */
  readonly marksPulled: boolean;
}

/** Total as the Go driver's default. Over a blob that a registry answers with 429, Podman itself is silent for 123 s (podman 5.4). */
export const imageDefaults = { image_pull_timeout: "5m", pull_activity_timeout: "3m", infra_image_pull_timeout: "5m" } as const;

export const defaultImageSettings: ImageSettings = reportAll((report) =>
  resolveImageSettings({ ...imageDefaults, gc: { image: false } }, report),
);

interface ImageOptions {
  readonly auth?: Parameters<typeof resolveAuth>[0];
  readonly image_pull_timeout: string;
  readonly pull_activity_timeout: string;
  readonly infra_image?: string | undefined;
  readonly infra_image_pull_timeout: string;
  readonly gc: { readonly image: boolean };
}

/** What the plugin config says of images. */
export function resolveImageSettings(options: ImageOptions, report: Report): ImageSettings {
  const limitOf = (key: keyof typeof imageDefaults): number => report.attempt(key, Infinity, () => parseLimitMs(options[key], key));
  return {
    auth: resolveAuth(options.auth, report),
    pullTimeoutMs: limitOf("image_pull_timeout"),
    pullActivityTimeoutMs: limitOf("pull_activity_timeout"),
    infraImage: resolveInfraImage(options.infra_image, report),
    infraPullTimeoutMs: limitOf("infra_image_pull_timeout"),
    marksPulled: options.gc.image,
  };
}

function resolveInfraImage(name: string | undefined, report: Report): RegistrySource | undefined {
  if (name === undefined || name === "") return undefined;
  const key = "infra_image";
  return report.attempt<RegistrySource | undefined>(key, undefined, () => parseRegistryImage(name, key));
}

/** A duration as a limit: 0 is none, Infinity. @throws DriverError as `parseDurationMs` */
export function parseLimitMs(text: string, key: string): number {
  const durationMs = parseDurationMs(text, key);
  return durationMs === 0 ? Infinity : toTimerMs(durationMs);
}
