import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ClosedPath } from "./closed-paths.ts";

/** How long one program may take; a folder's ACL is one call of the kernel's. */
export const aclDeadlineMs = 5000;
/** An ACL has some hundreds of bytes. */
const mostBytes = 64 * 1024;
const mostWords = 200;
const enter = 0o1;

export interface AclOptions {
  /** Default `aclDeadlineMs`. */
  readonly deadlineMs?: number;
  /** Default: it is waited until the deadline. */
  readonly signal?: AbortSignal;
}

/** A folder as its mode shows it. */
type Folder = Pick<ClosedPath, "path" | "mode">;

/** How a user is let through a folder. */
interface Passing {
  /** As `setfacl -n -m` takes them. */
  readonly changes: string;
  /** The command that does the same by hand. */
  readonly command: string;
  /** Why the folder's ACL cannot be told; undefined: it can. */
  readonly problem: string | undefined;
}

type Answer =
  | { readonly stdout: string; readonly problem?: undefined }
  | { readonly stdout?: undefined; readonly problem: string };

/**
 * Lets a user pass a folder, and no more than pass it, by an entry in its ACL. Nobody else may do more than before: what the mask keeps
 * from the group and from others that the ACL names it goes on to keep from them, and a right to pass that it kept leaves their entries.
 * Settles with what was in the way, in the program's words; undefined: nothing. Rejects with the signal's reason.
 */
export async function addPasser(folder: Folder, uid: number, options: AclOptions): Promise<string | undefined> {
  const { changes, problem: unknown } = await planPassing(folder, uid, options);
  if (unknown !== undefined) return unknown;
  const { problem } = await run("setfacl", ["-n", "-m", changes, "--", folder.path], options);
  return problem;
}

/**
 * The command for a shell that does what `addPasser` does. Where the folder's ACL cannot be read, who was kept from passing by its mask
 * alone may pass then. Rejects with the signal's reason.
 */
export async function toPassCommand(folder: Folder, uid: number, options: AclOptions): Promise<string> {
  return (await planPassing(folder, uid, options)).command;
}

async function planPassing({ path, mode }: Folder, uid: number, options: AclOptions): Promise<Passing> {
  const { stdout = "", problem } = await readAcl(path, options);
  const mask = (mode >> 3) & 0o7;
  const masked = (mask & enter) !== 0 ? [] : findPassers(stdout).filter((entry) => !entry.startsWith(`user:${uid}:`));
  const own = `u:${uid}:x`;
  const changes = [own, `m::${toLetters(mask | enter)}`, ...masked.map((entry) => entry.replace(/x$/, "-"))].join(",");
  // Without a mask there are no entries that it could hold back, and setfacl makes one of all of them.
  const isPlain = problem === undefined && !/^mask:/m.test(stdout);
  return { changes, command: `setfacl ${isPlain ? `-m ${own}` : `-n -m ${changes}`} ${quoteForShell(path)}`, problem };
}

function toLetters(rights: number): string {
  return ["r", "w", "x"].filter((_letter, index) => (rights & (0o4 >> index)) !== 0).join("");
}

/** A job's author names some folders, and root may paste this. */
export function quoteForShell(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/**
 * Whether a folder that lets somebody in by its group's bits keeps a user out for certain: its ACL names users, he is none of those
 * who may pass, and no group may. False where it cannot be told. Rejects with the signal's reason.
 */
export async function keepsOut({ path }: Folder, uid: number, options: AclOptions): Promise<boolean> {
  const acl = await readAcl(path, options);
  if (acl.problem !== undefined) return false;
  const isNamed = /^user:\d/m.test(acl.stdout);
  return isNamed && !findPassers(acl.stdout).some((entry) => entry.startsWith("group:") || entry.startsWith(`user:${uid}:`));
}

function readAcl(path: string, options: AclOptions): Promise<Answer> {
  return run("getfacl", ["-cnpE", "--", path], options);
}

/** The entries of an ACL but the owner's and everybody's that let pass, whatever its mask says. */
function findPassers(acl: string): readonly string[] {
  return acl.split("\n").filter((line) => /^(?:user:\d+|group:\d*):.*x$/.test(line));
}

/** No shell, and nothing of its output but the first words of what is wrong. */
async function run(program: string, args: readonly string[], { deadlineMs = aclDeadlineMs, signal }: AclOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  const limits = { signal: either, killSignal: "SIGKILL", maxBuffer: mostBytes } as const;
  try {
    return { stdout: (await promisify(execFile)(program, args, limits)).stdout };
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.aborted) return { problem: `${program} did not end within ${deadlineMs / 1000} s` };
    return { problem: toProblem(program, error as NodeJS.ErrnoException & { readonly stderr?: string }) };
  }
}

function toProblem(program: string, { code, message, stderr = "" }: NodeJS.ErrnoException & { readonly stderr?: string }): string {
  if (code === "ENOENT") return `${program}, of the package acl, is not in the plugin's PATH`;
  const said = stderr.trim().split("\n")[0] ?? "";
  return (said.startsWith(program) ? said : `${program}: ${said === "" ? message : said}`).slice(0, mostWords);
}
