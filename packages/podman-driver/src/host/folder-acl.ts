import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { BarredFolder } from "./closed-paths.ts";

/** How long one program may take; a folder's ACL is one call of the kernel's. */
export const aclDeadlineMs = 5000;
/** An ACL has some hundreds of bytes. */
const mostBytes = 64 * 1024;
const mostWords = 200;
const enter = 0o1;

export interface AclOptions {
  /** Default `aclDeadlineMs`. */
  readonly deadlineMs?: number;
  readonly signal: AbortSignal;
}

type Answer = { readonly stdout: string; readonly problem?: undefined } | { readonly problem: string };

/**
 * Lets a user pass a folder, and no more than pass it, by an entry in its ACL. What the mask keeps from the group and from others
 * that the ACL names it goes on to keep from them, but for passing. Settles with what was in the way, in the program's words;
 * undefined: nothing. Rejects with the signal's reason.
 */
export async function addPasser({ path, mode }: BarredFolder, uid: number, options: AclOptions): Promise<string | undefined> {
  const mask = ((mode >> 3) & 0o7) | enter;
  const { problem } = await run("setfacl", ["-n", "-m", `u:${uid}:x,m::${mask}`, "--", path], options);
  return problem;
}

/**
 * Whether a folder that lets somebody in by its group's bits keeps a user out for certain: its ACL names users, he is none of those
 * who may pass, and no group may. False where it cannot be told. Rejects with the signal's reason.
 */
export async function keepsOut({ path }: BarredFolder, uid: number, options: AclOptions): Promise<boolean> {
  const answer = await run("getfacl", ["-cnpE", "--", path], options);
  if (answer.problem !== undefined) return false;
  const passers = answer.stdout.split("\n").filter((line) => /^(user|group):.*x$/.test(line));
  const isNamed = /^user:\d/m.test(answer.stdout);
  return isNamed && !passers.some((line) => line.startsWith("group:") || line.startsWith(`user:${uid}:`));
}

/** No shell, and nothing of its output but the first words of what is wrong. */
async function run(program: string, args: readonly string[], { deadlineMs = aclDeadlineMs, signal }: AclOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const limits = { signal: AbortSignal.any([signal, deadline]), killSignal: "SIGKILL", maxBuffer: mostBytes } as const;
  try {
    return { stdout: (await promisify(execFile)(program, args, limits)).stdout };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) return { problem: `${program} did not end within ${deadlineMs / 1000} s` };
    return { problem: toProblem(program, error as NodeJS.ErrnoException & { readonly stderr?: string }) };
  }
}

function toProblem(program: string, { code, message, stderr = "" }: NodeJS.ErrnoException & { readonly stderr?: string }): string {
  if (code === "ENOENT") return `${program}, of the package acl, is not in the plugin's PATH`;
  const said = stderr.trim().split("\n")[0] ?? "";
  return (said.startsWith(program) ? said : `${program}: ${said === "" ? message : said}`).slice(0, mostWords);
}
