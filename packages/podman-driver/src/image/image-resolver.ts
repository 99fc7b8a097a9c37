import { createHash } from "node:crypto";
import type { ImageInspect } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import type { PullListener } from "../engine/shared-pulls.ts";
import type { ImageContext } from "./image-context.ts";
import type { ImageNeed } from "./image-need.ts";
import type { ArchiveSource, RegistrySource } from "../config/image-reference.ts";
import { markBrought } from "./mark-brought.ts";
import { fits, isForOthers, joinName, toPlatformName, toPlatformText } from "./platform.ts";
import { pullForPlatform } from "./pull-for-platform.ts";
import { pullImage } from "./pull-image.ts";
import { toSize, toTime } from "./pull-progress.ts";

/**
 * The image to run: the one present, or pulled. Gives its ID. Rejects with a recoverable `DriverError` when trying again may help
 * (network, registry, time-out), and a final one when it cannot (no such image, no access).
 */
export function resolveImage(context: ImageContext, need: ImageNeed, signal: AbortSignal): Promise<string> {
  const { source } = need;
  return source.kind === "archive"
    ? resolveArchive(context, { ...need, source }, signal)
    : resolveNamed(context, { ...need, source }, signal);
}

/** A need of an image of an archive. */
type ArchiveNeed = ImageNeed & { readonly source: ArchiveSource };

async function resolveArchive(context: ImageContext, need: ArchiveNeed, signal: AbortSignal): Promise<string> {
  const id = await loadShared(context, need, signal);
  const { platform, source: { shown } } = need;
  const image = platform === undefined ? undefined : await context.podman.images.inspect(id, signal);
  if (platform === undefined || image === undefined || fits(image, platform)) return id;
  const text = `it holds the image for ${image.os}/${image.architecture}, and the task asks for ${toPlatformText(platform)}`;
  throw new DriverError("failed", `image archive ${shown}: ${text}`);
}

/** A need of an image by its name. */
type NamedNeed = ImageNeed & { readonly source: RegistrySource };

async function resolveNamed(context: ImageContext, need: NamedNeed, signal: AbortSignal): Promise<string> {
  const { reference, isLocal } = need.source;
  if (isLocal) return await findLocal(context, need, signal);
  const isAsked = need.policy === "always" || need.policy === "newer";
  const present = isAsked ? undefined : await findPresent(context, need, signal);
  if (present !== undefined) return present.id;
  if (need.policy === "never") {
    throw new DriverError(
      "failed",
      `image ${reference} is not present in this Podman service, and image_pull_policy = "never" lets nobody pull it`,
    );
  }
  try {
    return await pullAndTell(context, need, reference, signal);
  } catch (error) {
    if (need.policy !== "newer" || signal.aborted) throw error;
    return await fallBack(context, need, error, signal);
  }
}

/** An image that no registry has. */
async function findLocal(
  { podman, emit }: ImageContext,
  { source: { reference }, platform }: NamedNeed,
  signal: AbortSignal,
): Promise<string> {
  const named = await podman.images.inspect(reference, signal);
  const fail = (what: string): DriverError => new DriverError("failed", `image ${reference} ${what}, ${whyLocal(reference)}`);
  if (named === undefined) throw fail("is not present in this Podman service");
  if (platform === undefined) return named.id;
  if (!fits(named, platform)) {
    throw fail(`that is present is for ${named.os}/${named.architecture}, and the task asks for ${toPlatformText(platform)}`);
  }
  if (platform.variant !== "") {
    emit(`Running the image ${reference} that is present, though Podman does not tell whether its variant is ${platform.variant}`, {
      image: reference,
    });
  }
  return named.id;
}

/**
 * The image in the store; of another platform, the one that was pulled for it. The digest of a list is one of each image of the list, and
 * Podman finds any of them by it.
 */
async function findPresent(
  { podman, emit, hostArchitecture }: ImageContext,
  { source: { reference }, platform }: NamedNeed,
  signal: AbortSignal,
): Promise<ImageInspect | undefined> {
  const named = await podman.images.inspect(reference, signal);
  if (platform === undefined) {
    if (named === undefined || !isForOthers(named, hostArchitecture)) return named;
    emit(`The image ${reference} that is present is for ${named.os}/${named.architecture}, which another task has asked for`, {
      image: reference,
    });
    return undefined;
  }
  // Podman tells no variant: only the name under which it was pulled does.
  if (named !== undefined && platform.variant === "" && fits(named, platform)) return named;
  const own = await podman.images.inspect(joinName(toPlatformName(reference, platform)), signal);
  if (own === undefined && named !== undefined && !fits(named, platform)) {
    emit(
      `The image ${reference} that is present is for ${named.os}/${named.architecture}, and the task asks for ${toPlatformText(platform)}`,
      { image: reference },
    );
  }
  return own;
}

function whyLocal(reference: string): string {
  return reference.startsWith("localhost/")
    ? "and images under localhost/ come from no registry: build, load or tag it there"
    : "and an ID comes from no registry: pull it by its name";
}

/** Podman itself would say nothing of the failure (podman 4.3 to 6.1). */
async function fallBack(context: ImageContext, need: NamedNeed, failure: unknown, signal: AbortSignal): Promise<string> {
  const { reference } = need.source;
  const present = await findPresent(context, need, signal);
  if (present === undefined) throw failure;
  context.emit(
    `Running the image ${reference} that is present, since nobody could tell whether there is a newer one: ${messageOf(failure)}`,
    {
      image: reference,
    },
  );
  return present.id;
}

async function pullAndTell(context: ImageContext, need: ImageNeed, reference: string, signal: AbortSignal): Promise<string> {
  const { podman, emit } = context;
  emit(`Pulling image ${reference}`, { image: reference });
  const startMs = performance.now();
  const id = await pullShared(context, need, reference, signal);
  const pulled = await podman.images.inspect(id, signal);
  if (pulled === undefined) {
    throw new DriverError("failed", `image ${reference}: it was pulled and has vanished again`, { recoverable: true });
  }
  emit(
    `Pulled image ${reference}: ${toSize(pulled.sizeBytes)} on disk, ${toTime(performance.now() - startMs)}`,
    toAnnotations(reference, pulled),
  );
  return pulled.id;
}

function toAnnotations(reference: string, { id, sizeBytes }: ImageInspect): Readonly<Record<string, string>> {
  return { image: reference, image_id: id, size_bytes: String(sizeBytes) };
}

/** One pull for all tasks that want the same, each of which waits as long as it will. */
async function pullShared(context: ImageContext, need: ImageNeed, reference: string, signal: AbortSignal): Promise<string> {
  const { podman, settings, downloadFolder, reportTimes, follow, authTools } = context;
  const begin = (tell: PullListener, stop: AbortSignal): Promise<string> =>
    markBrought(context, async (note) => {
      const pull = async (ending: AbortSignal): Promise<string> => {
        const job = { podman, need, reference, settings, downloadFolder, reportTimes, tell, follow, authTools };
        const id = await pullImage(job, ending);
        note(id);
        return id;
      };
      const { platform } = need;
      if (platform === undefined) return await pull(stop);
      return await pullForPlatform({ podman, reference, platform, hostArchitecture: context.hostArchitecture, pull }, stop);
    }, stop);
  return await joinPull(
    context,
    {
      key: toPullKey(need, reference),
      begin,
      action: `pull image ${reference}`,
      image: reference,
      timeoutMs: need.pullTimeoutMs,
      timeoutKey: need.pullTimeoutKey,
    },
    signal,
  );
}

/** One load for all tasks of the engine that want the same archive. */
async function loadShared(context: ImageContext, need: ArchiveNeed, signal: AbortSignal): Promise<string> {
  const { podman, archives, settings, reportTimes, follow } = context;
  const { source, checksum, policy, pullTimeoutMs: timeoutMs } = need;
  const { loadArchive } = await import("./load-archive.ts");
  const isForced = policy === "always";
  const begin = (tell: PullListener, stop: AbortSignal): Promise<string> => {
    const job = {
      podman,
      source,
      checksum,
      isForced,
      archives,
      activityTimeoutMs: settings.pullActivityTimeoutMs,
      mayFetch: context.mayFetch,
      reportTimes,
      tell,
      follow,
    };
    return markBrought(context, (note) => loadArchive({ ...job, note }, stop), stop);
  };
  const key = JSON.stringify([source, checksum ?? null, isForced]);
  return await joinPull(
    context,
    { key, begin, action: `image archive ${source.shown}`, image: source.shown, timeoutMs, timeoutKey: undefined },
    signal,
  );
}

interface JoinedPull {
  readonly key: string;
  readonly begin: (tell: PullListener, stop: AbortSignal) => Promise<string>;
  /** For the message of a time-out. */
  readonly action: string;
  readonly image: string;
  readonly timeoutMs: number;
  readonly timeoutKey: string | undefined;
}

async function joinPull(
  { pulls, emit }: ImageContext,
  { key, begin, action, image, timeoutMs, timeoutKey = "image_pull_timeout" }: JoinedPull,
  signal: AbortSignal,
): Promise<string> {
  const deadline = new AbortController();
  const timer = Number.isFinite(timeoutMs) ? setTimeout(() => deadline.abort(), timeoutMs) : undefined;
  try {
    return await pulls.join(key, begin, (message) => emit(message, { image }), AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.signal.aborted) throw error;
    const done = action.startsWith("pull") ? "pulled" : "loaded";
    throw new DriverError(
      "failed",
      `${action}: not ${done} within ${timeoutKey} (${timeoutMs / 1000} s)`,
      { recoverable: true, cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What makes two pulls of one engine one. Kept in memory alone, and without a password in it. */
function toPullKey({ platform, login, tlsVerify, skipsFailingAuth }: ImageNeed, reference: string): string {
  const parts = [reference, platform ?? null, login ?? null, tlsVerify ?? null, skipsFailingAuth];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}
