import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip, createZstdDecompress } from "node:zlib";

import { extract } from "tar-stream";
import { open } from "yauzl";
import type { Entry, ZipFile } from "yauzl";

import type { ArchiveKind } from "./plan-artifact.ts";

/** Nomad's defaults for what an archive may come to. */
const maxEntries = 4096;
const maxBytes = 100 * 1024 ** 3;

interface ArchiveEntry {
  readonly name: string;
  readonly isFolder: boolean;
  /** Permission bits; set-user-id and set-group-id are not kept. */
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedAt: Date | undefined;
  open(): Promise<Readable> | Readable;
}

export interface UnpackOptions {
  readonly kind: ArchiveKind;
  /** True: `path` is a folder for all that is in the archive. False: it is the file for the only one in it. */
  readonly isFolder: boolean;
  readonly signal: AbortSignal;
}

/**
 * Unpacks an archive as Nomad does. Whatever is no folder becomes a file: of a link only its name stays. Rejects for an empty archive, a
 * name that leads upwards, and more than the limits.
 */
export async function unpack(archivePath: string, path: string, { kind, isFolder, signal }: UnpackOptions): Promise<void> {
  const folderModes = new Map<string, number>();
  let [entries, bytes, files] = [0, 0, 0];
  for await (const entry of kind === "zip" ? readZip(archivePath) : readTar(archivePath, kind, signal)) {
    signal.throwIfAborted();
    entries += 1;
    bytes += entry.bytes;
    if (entries > maxEntries) throw new Error(`the archive has more than ${maxEntries} entries, and Nomad unpacks no more`);
    if (bytes > maxBytes) throw new Error(`the archive holds more than ${maxBytes} bytes, and Nomad unpacks no more`);
    if (entry.name.split(/[/\\]/).includes(".."))
      throw new Error(`the archive has an entry that leads upwards: ${JSON.stringify(entry.name)}`);
    if (!isFolder && (entry.isFolder || files > 0)) throw new Error("the archive must hold a single file, as mode is file");
    const target = isFolder ? join(path, entry.name) : path;
    if (entry.isFolder) folderModes.set(target, entry.mode);
    await (entry.isFolder ? mkdir(target, { recursive: true }) : writeEntry(entry, target, signal));
    files += 1;
  }
  if (files === 0) throw new Error("the archive is empty");
  for (const [folder, mode] of folderModes) await chmod(folder, mode);
}

async function writeEntry(entry: ArchiveEntry, target: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  // Another one of this name, or what a link would lead to, is not written into.
  await rm(target, { force: true });
  await pipeline(await entry.open(), createWriteStream(target, { flags: "wx" }), { signal });
  await chmod(target, entry.mode);
  if (entry.modifiedAt !== undefined) await utimes(target, entry.modifiedAt, entry.modifiedAt);
}

async function* readTar(path: string, kind: Exclude<ArchiveKind, "zip">, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
  const unpacker = extract();
  const source = createReadStream(path);
  const packed = kind === "tar" ? undefined : kind === "tar.gz" || kind === "tgz" ? createGunzip() : createZstdDecompress();
  const feeding = packed === undefined ? pipeline(source, unpacker, { signal }) : pipeline(source, packed, unpacker, { signal });
  // Its failure is also the unpacker's, which is waited for below.
  feeding.catch(() => undefined);
  for await (const entry of unpacker) {
    const { name, type, mode = 0o644, size = 0, mtime } = entry.header;
    yield { name, isFolder: type === "directory", mode: mode & 0o1777, bytes: size, modifiedAt: mtime, open: () => entry };
    entry.resume();
  }
  await feeding;
}

async function* readZip(path: string): AsyncGenerator<ArchiveEntry> {
  const zip = await promisify<string, object, ZipFile>(open)(path, { lazyEntries: true, autoClose: false });
  try {
    for (let left = zip.entryCount; left > 0; left -= 1) yield toArchiveEntry(await nextEntry(zip), zip);
  } finally {
    zip.close();
  }
}

function nextEntry(zip: ZipFile): Promise<Entry> {
  const { promise, resolve, reject } = Promise.withResolvers<Entry>();
  zip.once("entry", resolve).once("error", reject);
  zip.readEntry();
  return promise.finally(() => zip.off("entry", resolve).off("error", reject));
}

/** What was packed on Windows has no permissions. */
function toArchiveEntry(entry: Entry, zip: ZipFile): ArchiveEntry {
  const isFolder = entry.fileName.endsWith("/");
  const unixMode = (entry.externalFileAttributes >>> 16) & 0o1777;
  const mode = unixMode === 0 ? (isFolder ? 0o777 : 0o666) : unixMode;
  return {
    name: entry.fileName,
    isFolder,
    // Go makes folders of a zip alike, whatever it says.
    mode: isFolder ? 0o755 : mode,
    bytes: entry.uncompressedSize,
    modifiedAt: undefined,
    open: () => promisify(zip.openReadStream.bind(zip))(entry),
  };
}
