import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, chown, cp, copyFile, glob, lstat, mkdtemp, readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";

import { messageOf } from "@driver/std";
import { makeAllocFolder } from "../alloc/make-alloc-folder.ts";
import { RunError } from "../run-error.ts";
import { download } from "./download.ts";
import type { Checksum, PlannedArtifact } from "./plan-artifact.ts";
import { unpack } from "./unpack.ts";

/** What a download becomes, before the umask. */
const fileMode = 0o666;

/**
 * Puts an artifact to its place in the allocation's folder. Rejects with `artifact-failed`, which a restart may heal, and leaves nothing
 * but what has been unpacked until then.
 */
export async function fetchArtifact(artifact: PlannedArtifact, allocPath: string, signal: AbortSignal): Promise<void> {
  const workPath = await mkdtemp(join(allocPath, "artifact-"));
  try {
    await fetchInto(artifact, { allocPath, workPath, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new RunError("artifact-failed", `artifact ${artifact.title}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(workPath, { recursive: true, force: true });
  }
}

interface Surroundings {
  readonly allocPath: string;
  /** An empty folder beside the tasks' ones, which is removed afterwards. */
  readonly workPath: string;
  readonly signal: AbortSignal;
}

async function fetchInto(artifact: PlannedArtifact, { allocPath, workPath, signal }: Surroundings): Promise<void> {
  const { source, archive, mode, subfolder, destination, checksum, owner } = artifact;
  const target = join(allocPath, destination);
  await makeAllocFolder(mode === "file" ? dirname(target) : target, allocPath);
  const isFolder = source.kind === "file" && archive === undefined && (await stat(source.path)).isDirectory();
  if (isFolder && mode === "file") throw new Error("is a folder, and mode is file");
  if (!isFolder && archive === undefined && mode === "dir") throw new Error("is a file, and mode is dir");
  if (isFolder && checksum !== undefined) throw new Error("a folder has no checksum");
  const rootPath = subfolder === undefined ? target : join(workPath, "root");
  if (isFolder && source.kind === "file") await copyFolder(source.path, rootPath);
  else {
    const filePath = join(workPath, "file");
    await (source.kind === "http" ? download(source.url, filePath, { ...artifact, signal }) : copyFile(source.path, filePath));
    if (checksum !== undefined) await checkSum(filePath, checksum, signal);
    if (archive !== undefined) await unpack(filePath, rootPath, { kind: archive, isFolder: mode !== "file", signal });
    else await placeFile(filePath, mode === "file" ? target : join(target, artifact.filename));
  }
  if (subfolder !== undefined) await takeSubfolder(rootPath, { subfolder, target });
  if (owner !== undefined) await giveTo(owner, target);
}

async function placeFile(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await rename(from, to);
  await chmod(to, fileMode & ~process.umask());
}

async function checkSum(path: string, { algorithm, hex }: Checksum, signal: AbortSignal): Promise<void> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash, { signal });
  const found = hash.digest("hex");
  if (found !== hex) throw new Error(`the checksum ${algorithm}:${hex} was expected, and it has ${found}`);
}

async function takeSubfolder(
  rootPath: string,
  { subfolder, target }: { readonly subfolder: string; readonly target: string },
): Promise<void> {
  const found: string[] = [];
  for await (const path of glob(subfolder, { cwd: rootPath })) found.push(path);
  if (found.length !== 1) throw new Error(`${JSON.stringify(subfolder)} is ${found.length === 0 ? "not in it" : "in it more than once"}`);
  await rm(target, { recursive: true, force: true });
  await copyFolder(join(rootPath, found[0] ?? ""), target);
}

/** Links that lead out of the folder are refused (`nomad`: artifact inspection). */
async function copyFolder(from: string, to: string): Promise<void> {
  for (const name of await readdir(from, { recursive: true })) {
    const path = join(from, name);
    if (!(await lstat(path)).isSymbolicLink()) continue;
    const place = relative(from, resolve(dirname(path), await readlink(path)));
    if (place.startsWith("..") || isAbsolute(place)) throw new Error(`${JSON.stringify(name)} is a link that leads out of it`);
  }
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
}

async function giveTo(owner: string, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const [uid, gid] = await findUser(owner);
  const inner = (await lstat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
  for (const one of [path, ...inner.map((name) => join(path, name))]) if (!(await lstat(one)).isSymbolicLink()) await chown(one, uid, gid);
}

async function findUser(name: string): Promise<readonly [uid: number, gid: number]> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const [, , uid, gid] = lines.find(([login, , id]) => login === name || id === name) ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`chown: this machine has no user ${JSON.stringify(name)}`);
  return [Number(uid), Number(gid)];
}
