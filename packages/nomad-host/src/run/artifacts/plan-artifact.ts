import { posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Task, TaskArtifact } from "../../job/job.ts";
import { toAllocPath } from "../env/alloc-path.ts";
import { interpolateText } from "../env/interpolate.ts";
import type { Scope } from "../env/interpolate.ts";

/** Endings of archives that are unpacked; the longest that fits counts. */
const archives = ["tar", "tar.gz", "tgz", "tar.zst", "tzst", "zip"] as const;
/** Those that Nomad unpacks and this host does not, or that hold one file and no folder. */
const otherArchives = ["bz2", "gz", "xz", "zst", "tar.bz2", "tar.tbz2", "tbz2", "tar.xz", "txz"];

export type ArchiveKind = (typeof archives)[number];

export interface Checksum {
  readonly algorithm: "md5" | "sha1" | "sha256" | "sha512";
  /** In lower case. */
  readonly hex: string;
}

/** What an `artifact` block comes to. */
export interface PlannedArtifact {
  readonly source: { readonly kind: "http"; readonly url: URL } | { readonly kind: "file"; readonly path: string };
  /** What to call it in messages: without password and query, which may hold secrets. */
  readonly title: string;
  /** A folder in the source, of which alone the content is taken; may be a glob. */
  readonly subfolder: string | undefined;
  readonly archive: ArchiveKind | undefined;
  readonly checksum: Checksum | undefined;
  readonly mode: TaskArtifact["mode"];
  /** The file's name in the destination, where that is a folder. */
  readonly filename: string;
  /** Relative to the allocation's folder. */
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly isInsecure: boolean;
  /** Name or id of the user that gets it; undefined: whoever runs the job. */
  readonly owner: string | undefined;
}

interface Place {
  readonly scope: Scope;
  report(problem: { readonly message: string; readonly position: TaskArtifact["position"] }): void;
}

/** The artifacts of a task; what cannot be fetched here is reported, and not among them (`go-getter` 1.8, as Nomad sets it up). */
export function planArtifacts(task: Task, { scope, report }: Place): readonly PlannedArtifact[] {
  return task.artifacts.flatMap((artifact) => {
    const planned = planArtifact(task, artifact, scope);
    if (typeof planned !== "string") return [planned];
    report({ message: `artifact: ${planned}`, position: artifact.position });
    return [];
  });
}

/** The plan, or what is wrong. */
function planArtifact(task: Task, artifact: TaskArtifact, scope: Scope): PlannedArtifact | string {
  const destination = toAllocPath(task.name, artifact.destination, scope);
  if (destination === undefined) return `the destination ${JSON.stringify(artifact.destination)} lies outside the task's folder`;
  const given = interpolateText(artifact.source, scope);
  const foreign = findForeignGetter(given);
  if (foreign !== undefined) return `${foreign} sources are not fetched by \`run\`; it takes http, https and files of this machine`;
  const [whole, subfolder] = splitSubfolder(given.replace(/^(?:file|https?)::/, ""));
  const url = toUrl(whole);
  if (url === undefined) return `the source ${JSON.stringify(given)} is no address`;
  for (const [name, value] of Object.entries(artifact.options)) url.searchParams.set(name, interpolateText(value, scope));
  const [kind, checksum] = [takeArchive(url), takeChecksum(url)];
  if (typeof checksum === "string") return checksum;
  if (kind !== undefined && !isUnpacked(kind)) return `${kind} archives are not unpacked by \`run\`; it knows ${archives.join(", ")}`;
  const isHttp = url.protocol !== "file:";
  const filename = (kind === undefined && artifact.mode === "any" ? takeParameter(url, "filename") : "") || posix.basename(url.pathname);
  if (filename.split(/[/\\]/).includes("..")) return "the filename must not lead upwards";
  if (isHttp && kind === undefined && (artifact.mode === "dir" || url.pathname.endsWith("/")))
    return "a folder cannot be fetched over http; an archive can";
  if (subfolder?.split("/").includes("..") === true) return "the part behind // must not lead upwards";
  return {
    source: isHttp ? { kind: "http", url } : { kind: "file", path: fileURLToPath(withoutQuery(url)) },
    title: isHttp ? `${url.origin}${url.pathname}` : fileURLToPath(withoutQuery(url)),
    subfolder,
    archive: kind,
    checksum,
    mode: artifact.mode,
    filename,
    destination: destination.slice(1),
    headers: Object.fromEntries(Object.entries(artifact.headers).map(([name, value]) => [name, interpolateText(value, scope)])),
    isInsecure: artifact.isInsecure,
    owner: artifact.isOwnedByUser && task.user !== "" ? task.user : undefined,
  };
}

/** What another getter than those for http and files would fetch. */
function findForeignGetter(source: string): string | undefined {
  const [, forced] = /^([A-Za-z0-9]+)::/.exec(source) ?? [];
  if (forced !== undefined) return ["http", "https", "file"].includes(forced) ? undefined : forced;
  const [, scheme] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(source) ?? [];
  if (scheme !== undefined) return ["http", "https", "file"].includes(scheme) ? undefined : scheme;
  if (/^(?:github\.com|gitlab\.com|bitbucket\.org)\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source)) return "git";
  if (/^[\w.-]*\.amazonaws\.com\//.test(source)) return "s3";
  return /^[\w.-]*\.googleapis\.com\//.test(source) ? "gcs" : undefined;
}

/** `https://host/x.zip//inner?query` is the folder `inner` of `https://host/x.zip?query`. */
function splitSubfolder(source: string): readonly [source: string, subfolder: string | undefined] {
  const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(source) ?? [];
  const start = path.includes("://") ? path.indexOf("://") + 3 : 0;
  const split = path.indexOf("//", start);
  if (split < 0) return [source, undefined];
  return [path.slice(0, split) + query, posix.normalize(path.slice(split + 2)).replace(/^\//, "")];
}

/** A path begins in the working directory. */
function toUrl(source: string): URL | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(source)) return URL.canParse(source) ? new URL(source) : undefined;
  const [, path = "", query = ""] = /^([^?]*)(.*)$/s.exec(source) ?? [];
  const url = new URL("file:///");
  url.pathname = resolve(path).replaceAll("%", "%25");
  url.search = query;
  return url;
}

function withoutQuery(url: URL): URL {
  const bare = new URL(url);
  bare.search = "";
  return bare;
}

function takeParameter(url: URL, name: string): string {
  const value = url.searchParams.get(name) ?? "";
  url.searchParams.delete(name);
  return value;
}

function takeArchive(url: URL): string | undefined {
  const named = takeParameter(url, "archive");
  if (/^(?:0|f|F|false|FALSE|False)$/.test(named)) return undefined;
  if (named !== "") return named;
  const known = [...archives, ...otherArchives].filter((ending) => url.pathname.endsWith(`.${ending}`));
  return known.toSorted((left, right) => right.length - left.length)[0];
}

function isUnpacked(kind: string): kind is ArchiveKind {
  return archives.some((known) => known === kind);
}

const algorithms = [
  ["md5", 32],
  ["sha1", 40],
  ["sha256", 64],
  ["sha512", 128],
] as const;

/** Its kind may be told by its length. */
function takeChecksum(url: URL): Checksum | string | undefined {
  const given = takeParameter(url, "checksum").trim();
  if (given === "") return undefined;
  const [, named, value = ""] = /^(?:([^:]*):)?(.*)$/s.exec(given) ?? [];
  if (named === "file") return "a checksum from another file is not looked up by `run`; write it out";
  const hex = value.toLowerCase();
  const fitting = algorithms.find(([name, length]) => (named === undefined || named.toLowerCase() === name) && length === hex.length);
  if (fitting === undefined || !/^[0-9a-f]+$/.test(hex)) return `${JSON.stringify(given)} is no checksum of md5, sha1, sha256 or sha512`;
  return { algorithm: fitting[0], hex };
}
