import type { ImageInspect, PodmanClient } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { openArchiveFile, readChunks, unpackGzip, verifyChunks, type ArchiveContent } from "./archive-content.ts";
import type { ArchiveSource } from "../config/image-reference.ts";
import { LoadProgress } from "./load-progress.ts";
import type { LoadedArchive, LoadedArchives } from "../engine/loaded-archives.ts";
import { joinName } from "./platform.ts";
import { toSize, toTime } from "./pull-progress.ts";
import type { PullStatus } from "./pull-status.ts";
import type { ReportTimes } from "./pull-watch.ts";
import type { PullListener } from "../engine/shared-pulls.ts";

export interface LoadJob {
  readonly podman: PodmanClient;
  readonly source: ArchiveSource;
  /** `sha256:…` that the bytes must have; undefined: any. */
  readonly checksum: string | undefined;
  /** True: loaded although it has been before. */
  readonly isForced: boolean;
  readonly archives: LoadedArchives;
  /** Longest time in which no byte comes from an address; Infinity: no limit. */
  readonly activityTimeoutMs: number;
  /** Whether an archive may come from an address, which is whole and without its query. */
  readonly mayFetch: (url: string) => boolean;
  readonly reportTimes: ReportTimes;
  readonly tell: PullListener;
  /** Told by name or ID of each image that has come into the store. */
  readonly note: (reference: string) => void;
  readonly follow: (status: PullStatus) => void;
}

/**
 * Sees to it that the image of an archive is in the store, which it is loaded into once for each content. Gives its ID. Rejects with a
 * `DriverError` that names the archive.
 */
export function loadArchive(job: LoadJob, signal: AbortSignal): Promise<string> {
  return job.source.at === "file" ? loadFile(job, signal) : loadDownload(job, signal);
}

async function loadFile(job: LoadJob, signal: AbortSignal): Promise<string> {
  const { source, archives } = job;
  await using file = await openArchiveFile(source.place, source.within);
  const { dev, ino, size, mtimeNs } = await file.stat({ bigint: true });
  const origin = `file ${dev}:${ino}:${size}:${mtimeNs}:${source.name}`;
  const known =
    archives.find(origin) ??
    (archives.hasSize(Number(size)) ? archives.findContent(await digestOf(readChunks(file)), source.name) : undefined);
  const present = await findLoaded(job, known, signal);
  if (present !== undefined) return present.id;
  return await load(job, origin, { sizeBytes: Number(size), chunks: readChunks(file) }, signal);
}

async function loadDownload(job: LoadJob, signal: AbortSignal): Promise<string> {
  const { checksum, archives, source } = job;
  const origin = `address ${source.place}:${source.name}`;
  const known = checksum === undefined ? archives.find(origin) : archives.findContent(checksum, source.name);
  const present = await findLoaded(job, known, signal);
  if (present !== undefined && checksum !== undefined) return present.id;
  const { download } = await import("./download-archive.ts");
  const { id, version } = present === undefined ? { id: "", version: undefined } : { id: present.id, version: known?.version };
  const content = await download(source.place, { ...job, version }, signal);
  return content === undefined ? id : await load(job, origin, content, signal);
}

async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let found = "";
  for await (const _ of verifyChunks(chunks, { onBytes: () => undefined, onDigest: (digest) => (found = digest) })) continue;
  return found;
}

/** The image of what has been loaded before, if it is what is asked for and still there. */
async function findLoaded(
  { podman, source, checksum, isForced }: LoadJob,
  known: LoadedArchive | undefined,
  signal: AbortSignal,
): Promise<ImageInspect | undefined> {
  if (known === undefined || isForced || (checksum !== undefined && known.digest !== checksum)) return undefined;
  const image = await podman.images.inspect(known.id, signal);
  return image !== undefined && (source.name === "" || image.repoTags.some((tag) => isCalled(tag, source.name))) ? image : undefined;
}

async function load(job: LoadJob, origin: string, content: ArchiveContent, signal: AbortSignal): Promise<string> {
  const { podman, source, tell, archives } = job;
  tell(`Loading image ${source.shown}`);
  using progress = new LoadProgress({ ...job, shown: source.shown, sizeBytes: content.sizeBytes });
  let digest = "";
  const onDigest = (found: string): void => {
    digest = found;
    checkDigest(job, found);
    progress.end();
  };
  const chunks = unpackGzip(verifyChunks(content.chunks, { onBytes: (bytes) => progress.add(bytes), onDigest }));
  const names = await podman.images.load(chunks, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw toLoadError(source, error);
  });
  for (const name of names) job.note(toReference(name));
  const image = await pickImage(job, names, signal);
  archives.note(origin, { id: image.id, name: source.name, sizeBytes: content.sizeBytes, digest, version: content.version });
  tell(`Loaded image ${source.shown}: ${toSize(image.sizeBytes)} on disk, ${toTime(progress.elapsedMs)}`);
  return image.id;
}

function checkDigest({ checksum, source }: LoadJob, found: string): void {
  if (checksum === undefined || checksum === found) return;
  throw new DriverError(
    "failed",
    `image archive ${source.shown}: its content is ${found}, and image_checksum wants ${checksum}: it is not loaded`,
  );
}

/** A source that breaks is the cause of a lost connection, and says more than that does. */
function toLoadError(source: ArchiveSource, error: unknown): unknown {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if (cause instanceof DriverError) return cause;
  const text = messageOf(error).replace(/^load image: /, "");
  const recoverable =
    !/payload does not match|invalid tar header|more than one image|incorrect header check|invalid .* (code|distance|block)/.test(text);
  const advice = /more than one image in oci/.test(text)
    ? "; Podman loads an oci-archive of one image alone: make one for each, or a docker-archive of all"
    : "";
  return new DriverError("failed", `image archive ${source.shown}: ${text}${advice}`, { recoverable, cause: error });
}

/** What Podman finds an image by that it has called so in its answer to a load. */
function toReference(name: string): string {
  return name.replace(/^sha256:/, "");
}

/** The one that is asked for by name, or the first; one without a name is given one, or the next clean-up would take it. */
async function pickImage({ podman, source }: LoadJob, names: readonly string[], signal: AbortSignal): Promise<ImageInspect> {
  const picked = source.name === "" ? names[0] : names.find((name) => isCalled(name, source.name));
  if (picked === undefined) {
    const list = names.length === 0 ? "no image" : names.join(", ");
    throw new DriverError(
      "failed",
      `image archive ${source.shown}: there is no ${source.name === "" ? "image" : source.name} in it, but ${list}`,
    );
  }
  const image = await podman.images.inspect(toReference(picked), signal);
  if (image === undefined) {
    throw new DriverError("failed", `image archive ${source.shown}: ${picked} was loaded and has vanished again`, { recoverable: true });
  }
  const own = { repository: "localhost/nomad-driver-podman/archive", tag: image.id.slice(0, 12) };
  if (picked.startsWith("sha256:") && !image.repoTags.includes(joinName(own))) await podman.images.tag(image.id, own, signal);
  return image;
}

/** Archives have short names that Podman completes with `localhost/` or Docker Hub's. */
function isCalled(name: string, wanted: string): boolean {
  const tagged = /:[^/]*$/.test(wanted) ? wanted : `${wanted}:latest`;
  return name === tagged || name.endsWith(`/${tagged}`);
}
