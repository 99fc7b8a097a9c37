import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, type PodmanClient, type RegistryCredentials } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import type { ImageSettings } from "../config/image-settings.ts";
import { toRegistryPlace } from "../config/registry-key.ts";
import { withoutStep } from "../errors.ts";
import { findCredentials, type AuthTools } from "./auth/find-credentials.ts";
import type { ImageNeed } from "./image-need.ts";
import { judgePullFailure, withoutQueries, type PullFailure } from "./pull-failure.ts";
import { PullProgress, toTime } from "./pull-progress.ts";
import type { PullStatus } from "./pull-status.ts";
import { PullWatch, type ReportTimes } from "./pull-watch.ts";
import type { PullListener } from "../engine/shared-pulls.ts";

export interface PullJob {
  readonly podman: PodmanClient;
  readonly need: ImageNeed;
  readonly reference: string;
  readonly settings: ImageSettings;
  /** Where Podman keeps what it downloads; empty: not known. */
  readonly downloadFolder: string;
  readonly reportTimes: ReportTimes;
  readonly tell: PullListener;
  readonly follow: (status: PullStatus) => void;
  readonly authTools: AuthTools;
}

/** Pauses before the second and the third try. */
const pausesMs: readonly number[] = [1000, 4000];

/**
 * Pulls an image, with what Podman itself does not do: login from the operator's sources, another try after failures that pass, and an
 * end to a download in which nothing moves. Gives the image's ID. Rejects with a `DriverError` in Podman's words.
 */
export async function pullImage(job: PullJob, signal: AbortSignal): Promise<string> {
  const credentials = await findPullCredentials(job, signal);
  const registry = toRegistryPlace(job.reference)?.host;
  for (let tries = 0; ; tries += 1) {
    try {
      return await pullOnce(job, credentials, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DriverError) throw error;
      const text = withoutQueries(withoutStep(`pull image ${job.reference}`, messageOf(error)));
      const failure =
        judgeCall(error) ?? judgePullFailure({ reference: job.reference, registry, text, hadCredentials: credentials !== undefined });
      const pauseMs = pausesMs[tries];
      if (!failure.isRetried || pauseMs === undefined) throw toPullError(job.reference, { text, tries: tries + 1, failure, cause: error });
      job.tell(`Pulling image ${job.reference}: try ${tries + 1} failed, the next comes in ${toTime(pauseMs)}: ${text}`);
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** A call that failed on the way to Podman, or that Podman did not take: its words have nothing to do with a registry. */
function judgeCall(error: unknown): PullFailure | undefined {
  if (!(error instanceof LibpodError)) return undefined;
  // A header of Podman's service holds 1 MiB (podman 4.3 to 6.1), and the login is in one, encoded.
  const isTooLong = error.status === 431;
  const isRefused = isTooLong || error.code === "bad-request" || error.status === 400;
  const advice = isTooLong ? "the login for this image is longer than Podman takes, which is some 750 kB" : "";
  return isRefused || error.podmanMessage === undefined ? { recoverable: !isRefused, isRetried: false, advice } : undefined;
}

async function findPullCredentials(
  { need, reference, settings, tell, authTools: tools }: PullJob,
  signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const onSkipped = need.skipsFailingAuth
    ? (reason: string): void => tell(`Pulling image ${reference} without ${reason} (auth_soft_fail)`)
    : undefined;
  try {
    const query = { reference, login: need.login, operator: settings.auth, onSkipped, tools };
    return await findCredentials(query, signal);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    throw new DriverError("failed", `pull image ${reference}: ${error.message}`, { recoverable: error.recoverable, cause: error });
  }
}

async function pullOnce(job: PullJob, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<string> {
  const { podman, need, reference, settings, downloadFolder, reportTimes, tell, follow } = job;
  const stalled = new AbortController();
  const stop = AbortSignal.any([signal, stalled.signal]);
  const progress = new PullProgress();
  const onStalled = (reason: DriverError): void =>
    stalled.abort(new DriverError("failed", `pull image ${reference}: ${reason.message}`, { recoverable: true }));
  await using watch = await PullWatch.start({
    reference,
    progress,
    downloadFolder,
    activityTimeoutMs: settings.pullActivityTimeoutMs,
    reportTimes,
    tell,
    follow,
    onStalled,
  });
  let id = "";
  const { architecture, os, variant } = need.platform ?? {};
  const request = {
    reference,
    policy: "always",
    tlsVerify: need.tlsVerify,
    credentials,
    arch: architecture || undefined,
    os: os || undefined,
    variant: variant || undefined,
  } as const;
  for await (const update of podman.images.pull(request, stop)) {
    watch.moved();
    progress.see(update);
    if (update.kind === "done") id = update.id;
  }
  return id;
}

interface FailedTries {
  readonly text: string;
  readonly tries: number;
  readonly failure: PullFailure;
  readonly cause: unknown;
}

function toPullError(reference: string, { text, tries, failure, cause }: FailedTries): DriverError {
  const counted = tries === 1 ? "" : ` (${tries} tries)`;
  const advice = failure.advice === "" ? "" : `; ${failure.advice}`;
  return new DriverError("failed", `pull image ${reference}: ${text}${counted}${advice}`, { recoverable: failure.recoverable, cause });
}
