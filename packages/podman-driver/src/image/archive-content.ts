import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DriverError } from "@driver/nomad-plugin";
import { codeOf, messageOf } from "@driver/std";

/** Bytes of an archive, wherever they come from. */
export interface ArchiveContent {
  /** 0: not known. */
  readonly sizeBytes: number;
  /** What the server calls this content, as an ETag; undefined: it does not, or it is a file. */
  readonly version?: string | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const chunkBytes = 256 * 1024;

/** Of the kernel, which Node does not name: the place alone, without what opening a device or a FIFO does. */
const pathOnly = 0o10000000;

/**
 * Opens an archive on this host. `within`: the folder that a path of the job's own must not lead out of, by whatever links the task has
 * put there. Nothing else than a file is opened. Rejects with a `DriverError` that names the path.
 */
export async function openArchiveFile(path: string, within: string | undefined): Promise<FileHandle> {
  const openOrSay = (place: string, flags: number): Promise<FileHandle> =>
    open(place, flags).catch((error: unknown) => {
      throw new DriverError("failed", `image archive ${path}: cannot be opened: ${codeOf(error) || messageOf(error)}`, { cause: error });
    });
  await using found = await openOrSay(path, pathOnly | constants.O_RDONLY);
  const place = `/proc/self/fd/${found.fd}`;
  if (!(await found.stat()).isFile()) throw new DriverError("failed", `image archive ${path}: is no file`);
  if (within !== undefined) {
    const [real, folder] = [await readlink(place), await realpath(within)];
    if (!real.startsWith(`${folder}/`)) {
      throw new DriverError("failed", `image archive ${path}: leads out of the allocation's folder, to ${real}; give its absolute path`);
    }
  }
  return await openOrSay(place, constants.O_RDONLY);
}

/** The bytes of a file from its start. Leaves it open. */
export async function* readChunks(file: FileHandle): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(chunkBytes), position });
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

export interface Verified {
  /** Told of each piece. */
  onBytes(bytes: number): void;
  /** Told once, with `sha256:…`, before the last piece goes on: what it throws keeps the archive from being whole. */
  onDigest(digest: string): void;
}

/** The same bytes, the last piece only once all are known to be right. */
export async function* verifyChunks(
  chunks: AsyncIterable<Uint8Array>,
  { onBytes, onDigest }: Verified,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    hash.update(chunk);
    onBytes(chunk.length);
    if (held !== undefined) yield held;
    held = chunk;
  }
  onDigest(`sha256:${hash.digest("hex")}`);
  if (held !== undefined) yield held;
}

/** Unpacks gzip, which Podman refuses around a docker-archive (podman 4.3); anything else goes on as it is. */
export async function* unpackGzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done === true) return;
  const whole = chain(first.value, source);
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  // The iteration below rejects with what breaks either of them.
  pipeline(Readable.from(whole, { objectMode: false }), gunzip, () => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* chain(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
